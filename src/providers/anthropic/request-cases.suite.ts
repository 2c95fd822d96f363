import { describe, expect, it } from 'vitest'
import { type Body, build } from './fixtures/requests.ts'

export interface RequestCase {
  readonly name: string
  readonly body: Body
  readonly model?: string
  /** The members of the provider's body that the case is about. */
  readonly sent: Record<string, unknown>
  readonly absent?: readonly string[]
  readonly dropped?: readonly string[]
}

/** OpenAI's request and what it becomes, case by case; nothing is dropped unless the case says so. */
export function requestCases(group: string, cases: readonly RequestCase[]): void {
  describe(`requests: ${group}`, () => {
    it.each([...cases])('$name', async (one) => {
      const { sent, dropped } = await build(one)
      const told = Object.fromEntries(Object.keys(one.sent).map((name) => [name, sent[name]]))
      expect(told).toEqual(one.sent)
      expect(Object.keys(sent).filter((name) => one.absent?.includes(name))).toEqual([])
      expect(dropped).toEqual(one.dropped ?? [])
    })
  })
}
