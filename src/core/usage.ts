/**
 * Tokens of one answer in OpenAI's meaning: `input` includes cached tokens (read and written), `output` includes
 * reasoning tokens. A count that the provider did not state is 0; a usage it never stated is `null`, not this.
 */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly reasoning: number
}

export const noUsage: Usage = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 }
