import { expect, it } from 'vitest'
import { createScratch } from './scratch.ts'

const pieces = (text: string) => Array.from(text, (letter) => Buffer.from(letter))

it('puts pieces together, longer and shorter ones in turn', () => {
  const join = createScratch()
  for (const text of ['', 'abc', 'abcdefgh', 'xy', 'a'.repeat(5000), 'b']) {
    expect(join(pieces(text)).toString()).toBe(text)
  }
})

it('uses its memory again, but not for what is very large', () => {
  const join = createScratch()
  const first = join(pieces('abcdef'))
  expect(join(pieces('ghi')).buffer).toBe(first.buffer)
  const large = Buffer.alloc(3 * 1024 * 1024)
  expect(join([large, large]).buffer).not.toBe(join([large, large]).buffer)
})
