import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import { presetAt, type Preset } from './presets.ts'
import { quirksOf } from './ways.ts'

export interface Probe {
  readonly operation: Operation
  readonly body: Record<string, unknown>
}

/** Models of OpenAI's that know completions only. */
const completionsOnly = /^(?:ft:)?(?:gpt-3\.?5-turbo-instruct|babbage-002|davinci-002)/

/** The least that proves a connection: one token, or the embedding of one word, as a client would ask for it. */
export function buildProbe(connection: Connection, provider: Preset): Probe {
  const { kind, model, modelName, credential } = connection
  if (kind === 'embedding') return { operation: 'embeddings', body: { model, input: 'ping' } }
  const { probe_tokens: tokens } = quirksOf(connection, presetAt(provider, credential)).capabilities
  if (completionsOnly.test(modelName)) {
    return { operation: 'completions', body: { model, prompt: 'ping', max_tokens: tokens } }
  }
  return {
    operation: 'chat',
    body: { model, messages: [{ role: 'user', content: 'ping' }], max_tokens: tokens },
  }
}
