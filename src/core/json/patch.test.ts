import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wholeBody } from '../body.ts'
import { patchTopLevel } from './patch.ts'
import { scanTopLevel, type TopLevel } from './top-level.ts'

const scan = (text: string, maxDepth = 64) => scanTopLevel(Buffer.from(text), maxDepth)

function topOf(text: string): TopLevel {
  const result = scan(text)
  if (result.kind !== 'object') throw new Error(`expected an object, got ${result.kind}`)
  return result.top
}

describe('scanTopLevel', () => {
  it('finds every top-level member and its bytes', () => {
    const text = ' { "a" : [1,{"model":"x"}], "b\\u0063":"q\\"}", "n": -1.5e3 ,"z":null } '
    const top = topOf(text)
    expect(top.members.map((m) => [m.key, text.slice(m.valueStart, m.valueEnd)])).toEqual([
      ['a', '[1,{"model":"x"}]'],
      ['bc', '"q\\"}"'],
      ['n', '-1.5e3'],
      ['z', 'null'],
    ])
  })

  it('shows duplicates, escaped spellings included', () => {
    expect(topOf('{"model":1,"m\\u006fdel":2}').members.map((m) => m.key)).toEqual(['model', 'model'])
  })

  it('stops at the depth bound before anything is built', () => {
    expect(scan(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`).kind).toBe('object')
    expect(scan(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`).kind).toBe('too-deep')
    expect(scan('['.repeat(1_000_000)).kind).toBe('too-deep')
  })

  it('stops at the bound on members', () => {
    const withMembers = (count: number) =>
      `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`
    expect(scan(withMembers(1000)).kind).toBe('object')
    expect(scan(withMembers(1001))).toEqual({ kind: 'too-many', what: '1000 members' })
  })

  it('stops at the bound on members, lists and objects, in all top-level members together', () => {
    const listOf = (count: number) => `[${'{},'.repeat(count - 1)}{}]`
    const tooMany = { kind: 'too-many', what: '100000 members, lists and objects' }
    expect(scan(`{"a":${listOf(49_999)},"b":${listOf(49_999)}}`).kind).toBe('object')
    expect(scan(`{"a":${listOf(49_999)},"b":${listOf(50_000)}}`)).toEqual(tooMany)
    const objectOf = (count: number) => `{${'"k":1,'.repeat(count - 1)}"k":1}`
    expect(scan(`{"a":${objectOf(99_999)}}`).kind).toBe('object')
    expect(scan(`{"a":${objectOf(100_000)}}`)).toEqual(tooMany)
    expect(scan(listOf(100_000))).toEqual(tooMany)
    expect(scan(`{"a":"${'[:,'.repeat(1_000_001)}"}`).kind).toBe('object')
  })

  it('stops at the bound on values', () => {
    const numbers = (count: number) => `{"input":[${'1,'.repeat(count - 1)}1]}`
    expect(scan(numbers(1_000_001)).kind).toBe('object')
    expect(scan(numbers(1_000_002))).toEqual({ kind: 'too-many', what: '1000000 values' })
  })

  it('says what is no object', () => {
    expect(scan('').kind).toBe('malformed')
    expect(scan('[1]').kind).toBe('not-an-object')
    expect(scan('"model"').kind).toBe('not-an-object')
    expect(scan('{"a" 1}').kind).toBe('malformed')
    expect(scan('{"a":1').kind).toBe('malformed')
    expect(scan('{"a":"\\"').kind).toBe('malformed')
  })

  it('is total over any bytes, and agrees with JSON.parse on every object', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        scanTopLevel(Buffer.from(bytes), 16)
      }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const top = topOf(text)
        const bytes = Buffer.from(text)
        const read = top.members.map((m) => [
          m.key,
          JSON.parse(bytes.toString('utf8', m.valueStart, m.valueEnd)) as unknown,
        ])
        expect(read).toEqual(Object.entries(JSON.parse(text) as object))
      }),
    )
  })
})

describe('patchTopLevel', () => {
  const patch = (text: string, changes: Record<string, string | undefined>) =>
    Buffer.from(wholeBody(patchTopLevel(topOf(text), new Map(Object.entries(changes))))).toString()

  it('replaces, adds and takes out, and leaves the rest as it was', () => {
    expect(patch('{"model":"a", "messages": [ 1 ],"x":2}', { model: '"b"', x: undefined, y: '3' })).toBe(
      '{"model":"b","messages": [ 1 ],"y":3}',
    )
    expect(patch('{}', { a: '1' })).toBe('{"a":1}')
    expect(patch('{"a":1}', { a: undefined })).toBe('{}')
  })

  it('leaves one member of a duplicated name', () => {
    expect(patch('{"a":1,"b":2,"a":3}', { a: '9' })).toBe('{"a":9,"b":2}')
  })

  it('leaves large runs where they are, and copies the rest together', () => {
    const long = 'x'.repeat(40_000)
    const text = `{"a":1,"b":"${long}","c":2,"d":"${long}"}`
    const bytes = Buffer.from(text)
    const pieces = [bytes.subarray(0, 20_000), bytes.subarray(20_000, 20_010), bytes.subarray(20_010)]
    const scan = scanTopLevel(bytes, 64, pieces)
    if (scan.kind !== 'object') throw new Error('expected an object')
    const patched = patchTopLevel(
      scan.top,
      new Map([
        ['c', '"new"'],
        ['e', '5'],
      ]),
    )
    expect(Buffer.concat(patched).toString()).toBe(`{"a":1,"b":"${long}","c":"new","d":"${long}","e":5}`)
    expect(
      patched.filter((piece) => piece.length > 1000).every(({ buffer }) => buffer === bytes.buffer),
    ).toBe(true)
    expect(patched.length).toBeLessThan(10)
    expect(patchTopLevel(scan.top, new Map())).toBe(pieces)
  })

  it('does what assignment and deletion do on the parsed object', () => {
    const changes = fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined }))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), changes, fc.nat(2), (value, wanted, indent) => {
        const text = JSON.stringify(value, null, indent)
        const printed = new Map(
          Object.entries(wanted).map(([key, item]) => [
            key,
            item === undefined ? undefined : JSON.stringify(item),
          ]),
        )
        const expected = new Map(Object.entries(JSON.parse(text) as object))
        for (const [key, item] of printed) {
          if (item === undefined) expected.delete(key)
          else expected.set(key, JSON.parse(item))
        }
        const patched = Buffer.from(wholeBody(patchTopLevel(topOf(text), printed))).toString()
        expect(new Map(Object.entries(JSON.parse(patched) as object))).toEqual(expected)
      }),
    )
  })
})
