import { describe, expect, it } from 'vitest'
import { entityName, nameKey } from './names.ts'

const faultOf = (name: string) => entityName.safeParse(name).error?.issues[0]?.message ?? null

describe('names', () => {
  it.each([
    ['a zero-width space', 'ab\u200bc'],
    ['nothing else', '\u200b'],
    ['a soft hyphen', 'ab\u00adc'],
    ['an order of writing', 'ab\u202ec'],
    ['a mark of direction', 'abc\u200e'],
    ['a tag', 'abc\u{e0041}'],
    ['a filler', 'ab\u3164c'],
    ['a joiner that joins nothing', 'ab\u200dc'],
    ['a joiner at the start', '\u200dabc'],
    ['a variation of a letter', 'abc\ufe0f'],
  ])('that hold %s are refused, as they look like others', (_, name) => {
    expect(faultOf(name)).toBe('must not hold invisible characters')
  })

  it.each(['👩‍👩‍👧', '❤️', 'می‌خواهم', 'क्‍ष', 'Łódź / straße: 東京', 'gpt-4o (EU)'])(
    'are what people write: %s',
    (name) => {
      expect(faultOf(name)).toBeNull()
    },
  )

  it('are one where only capitals or composition differ', () => {
    expect(nameKey(' E\u0301quipe ')).toBe(nameKey('éQUIPE'))
  })
})
