import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { outlineOf, type Outline } from './outline.ts'
import { longStringBytes, scanTopLevel } from './top-level.ts'

const long = longStringBytes

function outline(text: string | Buffer, offset = 0): Outline {
  const bytes = Buffer.from(text as string)
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset)
  const scan = scanTopLevel(shifted, 64)
  if (scan.kind !== 'object') throw new Error(`expected an object, got ${scan.kind}`)
  return outlineOf(shifted, scan.top, scan.longStrings)
}

function outcomeOf(make: () => Outline): unknown {
  try {
    return make().object
  } catch (error) {
    return (error as Error).name
  }
}

function whole(text: string, offset = 0): unknown {
  const { object, restore } = outline(text, offset)
  restore()
  return object
}

describe('outlineOf', () => {
  it('shows long strings as empty until it is restored', () => {
    const text = JSON.stringify({ n: 1, messages: [{ role: 'user', content: 'x'.repeat(long) }], s: 'short' })
    const { object, restore } = outline(text)
    expect(object).toEqual({ n: 1, messages: [{ role: 'user', content: '' }], s: 'short' })
    restore()
    expect(object).toEqual(JSON.parse(text))
    expect(Object.keys(object)).toEqual(['n', 'messages', 's'])
    expect(JSON.stringify({ ...object })).toBe(text)
  })

  it('reads a member once, and the others not at all, but for those nobody knows', () => {
    const text = JSON.stringify({
      messages: ['x'.repeat(long)],
      tools: ['y'.repeat(long)],
      own: 'z'.repeat(long),
    })
    const { object, restore } = outline(text)
    restore()
    expect(object['messages']).toBe(object['messages'])
    expect(Object.getOwnPropertyDescriptor(object, 'messages')).toHaveProperty('value')
    expect(Object.getOwnPropertyDescriptor(object, 'tools')).toHaveProperty('get')
    expect(Object.getOwnPropertyDescriptor(object, 'own')).toHaveProperty('value')
    expect({ ...object }).toEqual(JSON.parse(text))
  })

  it('takes the last of equal names, and a name that objects have of themselves', () => {
    const text = 'x'.repeat(long)
    expect(whole(`{"a":"${text}","a":1}`)).toEqual({ a: 1 })
    expect(whole(`{"a":1,"\\u0061":"${text}"}`)).toEqual({ a: text })
    expect(Object.keys(whole(`{"__proto__":"${text}"}`) as object)).toEqual(['__proto__'])
    expect(whole(`{"${text}":"${text}"}`)).toEqual({ [text]: text })
  })

  it('is the object that JSON.parse makes, wherever the bytes lie', () => {
    const bulk = fc
      .tuple(fc.string({ unit: 'binary' }), fc.nat(2))
      .map(([text, times]) => text.padEnd(5, '\n"é\\').repeat(times * long))
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        bulk,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('any'), { maxKeys: 3 }),
      ),
    })).any
    const name = fc.oneof(fc.string(), fc.constantFrom('messages', 'input', 'prompt', 'tools'))
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.nat(7), fc.nat(2), (object, offset, indent) => {
        const text = JSON.stringify(object, null, indent)
        expect(whole(text, offset)).toEqual(JSON.parse(text))
      }),
      { numRuns: 60 },
    )
  })

  it('refuses what JSON.parse refuses, at any place in a long string', () => {
    const parses = (bytes: Buffer) => {
      try {
        JSON.parse(bytes.toString('latin1'))
        return true
      } catch {
        return false
      }
    }
    const piece = fc.oneof(
      fc.constantFrom(
        '\\n',
        '\\"',
        '\\\\',
        '\\u00e9',
        '\\ud800',
        '\\u00g0',
        '\\u12',
        '\\x',
        '\\ ',
        '\t',
        '\n',
        '\u0000',
        '\u001f',
        '\u007f',
        ' ',
      ),
      fc.string({ unit: 'grapheme-ascii' }).map((text) => text.replaceAll(/["\\]/g, '')),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), fc.nat(40), fc.nat(7), (pieces, before, offset) => {
        const text = `{"a":"${'x'.repeat(before)}${pieces.join('')}${'y'.repeat(long)}","b":"${'z'.repeat(long)}${pieces.join('')}"}`
        const bytes = Buffer.from(text, 'latin1')
        const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset)
        const scan = scanTopLevel(shifted, 64)
        // Where the scan has found no object the body is parsed as it is.
        if (scan.kind !== 'object') return
        const made = () => outlineOf(shifted, scan.top, scan.longStrings)
        expect(outcomeOf(made)).toEqual(parses(bytes) ? { a: '', b: '' } : 'SyntaxError')
      }),
      { numRuns: 500 },
    )
  })

  it('refuses every control character, in each of the four bytes of a word', () => {
    for (let code = 0; code < 0x100; code++) {
      for (let at = 0; at < 9; at++) {
        const bytes = Buffer.from(`{"a":"${'x'.repeat(long + 40)}"}`)
        bytes[at < 8 ? 20 + at : bytes.length - 3] = code
        if (code === 0x22 || code === 0x5c) continue
        expect(outcomeOf(() => outline(bytes))).toEqual(code < 0x20 ? 'SyntaxError' : { a: '' })
      }
    }
  })

  it('looks for escapes once, however many long strings have none', () => {
    const bytes = Buffer.from(JSON.stringify({ a: Array(50).fill('x'.repeat(long)) }))
    const found = scanTopLevel(bytes, 64)
    if (found.kind !== 'object') throw new Error('expected an object')
    const search = vi.spyOn(bytes, 'indexOf')
    outlineOf(bytes, found.top, found.longStrings)
    expect(search).toHaveBeenCalledTimes(1)
  })
})
