import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider } from '../../core/provider.ts'
import { createChat } from './chat.ts'
import { checkTemplate } from './check-template.ts'
import { createEmbeddings } from './embeddings.ts'
import { createExpressionPool, type ExpressionPoolOptions } from './expression-pool.ts'
import { readError } from './read-error.ts'
import type { CustomTemplate } from './template.ts'

export type CustomProvider = Provider & Required<Pick<Provider, 'checkTemplate' | 'close'>>

/** Any HTTP API, by a template of JSONata (design §5). Its owner calls `close`, which ends its worker threads. */
export function createCustom(options: ExpressionPoolOptions = {}): CustomProvider {
  const pool = createExpressionPool(options)
  return {
    id: 'custom',
    name: 'Custom HTTP API',
    fields: [
      {
        name: 'secrets',
        secret: true,
        required: false,
        description: 'Secrets by name, for headers that name them as `{{name}}`',
      },
    ],
    operations: { chat: createChat(pool), embeddings: createEmbeddings(pool) },
    signer: () => 'custom-headers',
    probe,
    readError,
    checkTemplate: (custom, kind) => checkTemplate(pool, custom as unknown as CustomTemplate, kind),
    close: () => pool.close(),
  }
}

/** The least that a model can be asked. */
function probe({ kind, model }: Connection): { operation: Operation; body: Record<string, unknown> } {
  if (kind === 'embedding') return { operation: 'embeddings', body: { model, input: 'ping' } }
  const messages = [{ role: 'user', content: 'Say hi.' }]
  return { operation: 'chat', body: { model, messages, max_tokens: 1 } }
}
