/** Names that some hosts have for OpenAI's finish reasons: Together and TGI (`eos`), Mistral (`model_length`). */
const synonyms: Readonly<Record<string, string>> = {
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  model_length: 'length',
  max_tokens: 'length',
}

/** Ends that are failures: OpenRouter and Mistral (`error`), DeepSeek's lack of resources, vLLM's `abort`. */
const failures: ReadonlySet<string> = new Set(['error', 'insufficient_system_resource', 'abort'])

export type Finish =
  | { readonly kind: 'none' }
  | { readonly kind: 'finished'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** What a `finish_reason` means. An empty one is none: some hosts write it instead of null. */
export function readFinish(value: unknown): Finish {
  if (typeof value !== 'string' || value === '') return { kind: 'none' }
  if (failures.has(value)) return { kind: 'failed', reason: value }
  return { kind: 'finished', reason: Object.hasOwn(synonyms, value) ? (synonyms[value] as string) : value }
}
