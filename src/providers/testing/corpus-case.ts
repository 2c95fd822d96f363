import type { FinishReason } from '../../core/openai.ts'

/** One recorded exchange with a provider, and what an OpenAI client should see of it. */
export interface RecordedCase {
  readonly id: string
  readonly provider: string
  readonly operation: 'chat' | 'embeddings'
  readonly stream: boolean
  /** As the provider calls it; null where only the answer was kept. */
  readonly model: string | null
  readonly request: { readonly path: string; readonly body: Readonly<Record<string, unknown>> | null }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body_base64: string
  }
  readonly expect: Expected
  readonly features: readonly string[]
}

export interface Expected {
  readonly text: string
  readonly reasoning: string
  readonly tool_calls: readonly { readonly name: string; readonly arguments: unknown }[]
  readonly finish_reason: FinishReason | null
  /** null: the provider did not say. */
  readonly usage: {
    readonly prompt_tokens: number | null
    readonly completion_tokens: number | null
    readonly cached_tokens: number | null
    readonly reasoning_tokens: number | null
  } | null
  readonly embedding_count: number | null
  readonly embedding_dim: number | null
  readonly embedding_heads?: readonly (readonly number[])[]
  /** `status` is null for an error inside a stream that began with 200. */
  readonly error: { readonly status: number | null; readonly message: string } | null
  /** Other values that are as defensible, by path: `usage.prompt_tokens`. */
  readonly alternatives?: Readonly<Record<string, readonly unknown[]>>
}

/** The cases of one file: a JSON object a line. */
export function readCorpus(text: string): RecordedCase[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as RecordedCase)
}
