import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider } from '../../core/provider.ts'
import { chat } from './chat.ts'
import { embeddings } from './embeddings.ts'
import { googleFields } from './fields.ts'
import { usesVertex } from './hosts.ts'
import { listModels } from './list-models.ts'
import { readError } from './read-error.ts'

/** Google: the Gemini API with a key, Vertex AI with a service account (providers' facts §8, §9). */
export function createGoogle(): Provider {
  return {
    id: 'google',
    name: 'Google (Gemini API, Vertex AI)',
    fields: googleFields,
    operations: { chat, embeddings },
    signer: (credential) => (usesVertex(credential) ? 'google-service-account' : 'x-goog-api-key'),
    listModels,
    probe,
    readError,
  }
}

/** The least that a model can be asked; thoughts count as output, so a single token could leave none for an answer. */
function probe({ kind, model }: Connection): { operation: Operation; body: Record<string, unknown> } {
  if (kind === 'embedding') return { operation: 'embeddings', body: { model, input: 'ping' } }
  const messages = [{ role: 'user', content: 'Say hi.' }]
  return { operation: 'chat', body: { model, messages, max_tokens: 16 } }
}
