import type { EmbeddingsRequest } from '../../core/openai.ts'
import type { Call, EmbeddingsCall } from '../../core/provider.ts'
import { invalid, unsupported } from './refusals.ts'

/** OpenAI's own bound; it bounds the fan-out over models that take few texts at a time. */
const maxInputs = 2048

/**
 * `input` as texts, for a provider (`name`) that takes no tokens. Throws 400 `unsupported_parameter` for tokens, and
 * `invalid_request` for nothing, an empty text, or more texts than OpenAI takes.
 */
export function readTexts({ input }: EmbeddingsRequest, name: string): string[] {
  const texts = typeof input === 'string' ? [input] : input
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (!texts.every(isText)) throw unsupported('input', `${name} takes \`input\` as text, not as tokens.`)
  if (texts.length === 0 || texts.includes('')) throw invalid('input', '`input` cannot be or hold nothing.')
  if (texts.length > maxInputs) throw invalid('input', `\`input\` can hold ${maxInputs} texts at most.`)
  return texts
}

/** A provider puts each translator in its operation's place; anything else is a fault of ours. */
export function asEmbeddings(call: Call): EmbeddingsCall {
  if (call.operation !== 'embeddings')
    throw new Error(`the embeddings translator was given ${call.operation}`)
  return call
}
