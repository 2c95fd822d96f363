import { asObject, asText, type JsonObject } from '../shared/json.ts'

/** More than any answer has. */
const mostChoices = 128

/**
 * The role in the first delta of each choice of a stream, where OpenAI has it and its SDK's helper wants it: some hosts
 * leave it out (providers' facts §2.4).
 */
export class FirstRoles {
  readonly #seen = new Set<number>()

  /** Choices that have begun. */
  get known(): number {
    return this.#seen.size
  }

  /** The chunk, or a copy with the role. */
  give(chunk: JsonObject): JsonObject {
    const choices: readonly unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : []
    const shown = choices.map((value) => {
      const choice = asObject(value)
      return choice === null ? value : this.#giveChoice(choice)
    })
    return shown.every((choice, index) => choice === choices[index]) ? chunk : { ...chunk, choices: shown }
  }

  #giveChoice(choice: JsonObject): JsonObject {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    if (this.#seen.has(index) || this.#seen.size >= mostChoices) return choice
    this.#seen.add(index)
    const delta = asObject(choice['delta'])
    if (delta === null || asText(delta['role']) !== null) return choice
    return { ...choice, delta: { ...delta, role: 'assistant' } }
  }
}
