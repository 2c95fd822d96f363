import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const command = fileURLToPath(new URL('../bin/modelgate.js', import.meta.url))

it.each(['18.20.4', '23.11.1'])('tells Node.js %s in one line what is missing', (version) => {
  const disguise = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`
  const options = { encoding: 'utf8', timeout: 20_000 } as const
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`, command, 'serve'],
    options,
  )
  expect(stderr).toBe(`modelgate needs Node.js 24 or newer; this is Node.js ${version}\n`)
  expect(stdout).toBe('')
  expect(status).toBe(1)
})
