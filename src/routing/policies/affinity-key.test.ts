import { describe, expect, it } from 'vitest'
import type { ChatMessage, ContentPart } from '../../core/openai.ts'
import { affinityKey } from './affinity-key.ts'

const system: ChatMessage = { role: 'system', content: 'You are terse.' }
const user = (content: ChatMessage['content']): ChatMessage => ({ role: 'user', content: content ?? null })

describe('an affinity key', () => {
  it('is the same for every turn of a conversation', () => {
    const first = [system, user('hello')]
    const later = [...first, { role: 'assistant', content: 'hi' } as const, user('and now?')]
    expect(affinityKey(later)).toBe(affinityKey(first))
  })

  it.each<[string, ChatMessage[], ChatMessage[]]>([
    ['the first question', [system, user('a')], [system, user('b')]],
    ['the instructions', [system, user('a')], [{ role: 'system', content: 'You are verbose.' }, user('a')]],
    ['who says it', [{ role: 'developer', content: 'x' }], [user('x')]],
    [
      'where one message ends',
      [{ role: 'system', content: 'ab' }, user('c')],
      [{ role: 'system', content: 'a' }, user('bc')],
    ],
    ['length, past the beginning that is read', [user('x'.repeat(50_000))], [user('x'.repeat(50_001))]],
    [
      'images',
      [user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }])],
      [user([{ type: 'image_url', image_url: 'https://example.com/b.png' }])],
    ],
    ['parts', [user([{ type: 'text', text: 'a' }])], [user([{ type: 'refusal', refusal: 'a' }])]],
  ])('tells conversations apart by %s', (_, one, other) => {
    expect(affinityKey(one)).not.toBe(affinityKey(other))
  })

  it('reads no further than it must', () => {
    const flood = Array.from({ length: 100_000 }, () => system)
    const parts = Array.from({ length: 100_000 }, (): ContentPart => ({
      type: 'text',
      text: 'x'.repeat(5_000),
    }))
    const read: string[] = []
    const watched = new Proxy(parts, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) read.push(name)
        return Reflect.get(target, name, receiver) as unknown
      },
    })
    expect(affinityKey([...flood, user('a')])).toBe(affinityKey([...flood, user('b')]))
    expect(affinityKey([user(watched)])).toHaveLength(43)
    expect(read.length).toBeLessThanOrEqual(8)
  })

  it('takes parts as they come', () => {
    const odd = [{ type: 'text' }, { type: 'image_url' }, { type: 'unheard of' }] as ContentPart[]
    expect(affinityKey([user(odd), user(null)])).toHaveLength(43)
    expect(affinityKey([])).toHaveLength(43)
  })
})
