import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider } from '../../core/provider.ts'
import { chat } from './chat.ts'
import { embeddings } from './embeddings.ts'
import { cohereFields, cohereUrl } from './fields.ts'
import { listModels } from './list-models.ts'
import { readError } from './read-error.ts'

/** Cohere's v2 API (providers' facts §10). */
export function createCohere(): Provider {
  return {
    id: 'cohere',
    name: 'Cohere',
    baseUrl: cohereUrl,
    fields: cohereFields,
    operations: { chat, embeddings },
    signer: () => 'bearer',
    listModels,
    probe,
    readError,
  }
}

/** The least that the model can be asked: one token, or one embedding. */
function probe({ kind, model }: Connection): { operation: Operation; body: Record<string, unknown> } {
  if (kind === 'embedding') return { operation: 'embeddings', body: { model, input: 'ping' } }
  return {
    operation: 'chat',
    body: { model, messages: [{ role: 'user', content: 'Say hi.' }], max_tokens: 1 },
  }
}
