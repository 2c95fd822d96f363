import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameCheck } from './check-frames.ts'
import { streamFor, translated } from './frames.ts'

const path = '/v1/chat/completions'
const count = 12
const { opening, chunks, ending } = streamFor(path, count)

function faultsOf(parts: readonly Uint8Array[]): number {
  const check = createFrameCheck()
  for (const part of parts) check.push(part)
  return check.faults(count)
}

/** Without the n-th. */
const without = (number: number) => chunks.filter((_, index) => index !== number)
const swapped = [...chunks.slice(0, 3), ...chunks.slice(4, 5), ...chunks.slice(3, 4), ...chunks.slice(5)]

describe('a stream of numbered frames', () => {
  it('has no fault, wherever it is cut', () => {
    const bytes = Buffer.concat([opening, ...chunks, ending])
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 30 })
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places.toSorted((one, other) => one - other), bytes.length]
        expect(faultsOf(edges.slice(1).map((end, index) => bytes.subarray(edges[index], end)))).toBe(0)
      }),
    )
  })

  it.each([
    ['one is missing', [opening, ...without(4), ending]],
    ['the first is missing', [opening, ...without(0), ending]],
    ['the last is missing', [opening, ...without(count - 1), ending]],
    ['one comes twice', [opening, ...chunks.slice(0, 2), ...chunks.slice(1), ending]],
    ['two change places', [opening, ...swapped, ending]],
    ['it does not end', [opening, ...chunks]],
    ['it ends in the middle of a frame', [opening, ...chunks, ending, Buffer.from('data: {')]],
  ])('is found out where %s', (_, parts) => {
    expect(faultsOf(parts)).toBeGreaterThan(0)
  })
})

it.each(translated)('a chunk of $name is one word, and nothing of the stream is left out', (protocol) => {
  const stream = streamFor(protocol.path(true), 3)
  expect(stream.chunks.map((chunk) => /w00000\d/.exec(chunk.toString('latin1'))?.[0])).toEqual([
    'w000000',
    'w000001',
    'w000002',
  ])
  const {
    opening: before,
    deltas,
    ending: after,
  } = protocol.frames({ words: [' w000000', ' w000001', ' w000002'] })
  const whole = Buffer.concat([...before, ...deltas, ...after].map((frame) => Buffer.from(frame)))
  expect(Buffer.concat([stream.opening, ...stream.chunks, stream.ending])).toEqual(whole)
})
