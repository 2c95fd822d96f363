import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider } from '../../core/provider.ts'
import { chat } from './chat.ts'
import { embeddings } from './embeddings.ts'
import { bedrockFields } from './fields.ts'
import { listModels } from './list-models.ts'
import { readError } from './read-error.ts'

/** AWS Bedrock: Converse for chat, InvokeModel for embeddings (providers' facts §7). */
export function createBedrock(): Provider {
  return {
    id: 'bedrock',
    name: 'AWS Bedrock',
    fields: bedrockFields,
    operations: { chat, embeddings },
    signer: ({ secrets }) => (secrets['aws_bearer_token'] === undefined ? 'sigv4' : 'bearer'),
    listModels,
    // bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream.
    grantsStreamingApart: true,
    probe,
    readError,
  }
}

/** The least that a model can be asked: one token, or one word's vector. */
function probe({ kind, model }: Connection): { operation: Operation; body: Record<string, unknown> } {
  if (kind === 'embedding') return { operation: 'embeddings', body: { model, input: 'ping' } }
  const messages = [{ role: 'user', content: 'Say hi.' }]
  return { operation: 'chat', body: { model, messages, max_tokens: 1 } }
}
