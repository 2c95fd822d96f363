import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { outlineOf } from './outline.ts'
import { scanTopLevel } from './top-level.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void

const bytes = Buffer.from(
  JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(40_000) }], n: 1 }),
)

function outlines(count: number): void {
  for (let left = count; left > 0; left--) {
    if (left % 25 === 0) gc({ type: 'minor' })
    const scan = scanTopLevel(bytes, 64)
    if (scan.kind === 'object') outlineOf(bytes, scan.top, scan.longStrings).restore()
  }
}

// An outline holds on to the bytes of its request. One that only a collection of the whole heap finds keeps them.
it('leaves next to nothing that only a collection of the whole heap finds', () => {
  const count = 1_500
  outlines(count)
  gc()
  outlines(count)
  for (let round = 0; round < 3; round++) gc({ type: 'minor' })
  const before = process.memoryUsage().heapUsed
  gc()
  expect((before - process.memoryUsage().heapUsed) / count).toBeLessThan(150)
})
