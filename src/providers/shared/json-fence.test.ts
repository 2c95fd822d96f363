import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFenceStripper, stripFence } from './json-fence.ts'

const cases: [text: string, stripped: string][] = [
  ['{"a":1}', '{"a":1}'],
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['\n```\n{"a":"`x`"}\n```\n', '{"a":"`x`"}'],
  ['```json\r\n{"a":1}\r\n```  ', '{"a":1}'],
  ['{"a":"```"}', '{"a":"```"}'],
  ['```json\n{"code":"```js\\nx\\n```"}\n```', '{"code":"```js\\nx\\n```"}'],
  ['Here: ```json\n{}\n```', 'Here: ```json\n{}\n```'],
  ['', ''],
  ['``', '``'],
  ['```json', '```json'],
]

describe('stripFence', () => {
  it.each(cases)('%j', (text, stripped) => {
    expect(stripFence(text)).toBe(stripped)
  })

  it('does the same to a stream, wherever it is cut', () => {
    const seed = Date.now()
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(fc.nat({ max: 60 })), ([text, stripped], cuts) => {
        const edges = [
          0,
          ...cuts.filter((cut) => cut < text.length).sort((one, other) => one - other),
          text.length,
        ]
        const stripper = createFenceStripper()
        const parts = edges.slice(1).map((edge, index) => stripper.push(text.slice(edges[index], edge)))
        expect(parts.join('') + stripper.end()).toBe(stripped)
      }),
      { seed },
    )
  })

  it('is quick with long runs of white space', () => {
    const text = '```json\n{"a":' + ' '.repeat(200_000) + '1}\n```'
    expect(stripFence(text)).toBe(text.slice(8, -4))
  })

  it('lets text without a fence pass at once', () => {
    const stripper = createFenceStripper()
    expect(stripper.push('{"a"')).toBe('{"a"')
    expect(stripper.push(':1}')).toBe(':1}')
  })
})
