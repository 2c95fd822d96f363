import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSlicer, textOf } from './pieces.ts'

const someText = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed())
const cut = (bytes: Buffer, places: number[]): Buffer[] => {
  const at = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).toSorted((one, other) => one - other),
    bytes.length,
  ]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

it('slices as one buffer would, wherever the pieces begin, empty ones included', () => {
  fc.assert(
    fc.property(
      someText,
      fc.array(fc.nat()),
      fc.array(fc.tuple(fc.nat(), fc.nat())),
      (text, places, spans) => {
        const bytes = Buffer.from(text)
        const slice = createSlicer(cut(bytes, places))
        const sorted = spans
          .map(([one, other]) =>
            [one % (bytes.length + 1), other % (bytes.length + 1)].toSorted((a, b) => a - b),
          )
          .toSorted(([one = 0], [other = 0]) => one - other)
        for (const [start = 0, end = 0] of sorted) {
          expect(Buffer.concat(slice(start, end))).toEqual(bytes.subarray(start, end))
        }
      },
    ),
  )
})

it('reads letters that are cut by the end of a piece', () => {
  fc.assert(
    fc.property(someText, fc.array(fc.nat()), (text, places) => {
      const bytes = Buffer.from(`"${text}"`)
      expect(textOf(cut(bytes, places), 1, bytes.length - 1)).toBe(text)
    }),
  )
})
