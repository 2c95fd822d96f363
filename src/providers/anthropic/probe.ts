import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'

/** The least that the model can be asked: one token. */
export function probe(connection: Connection): { operation: Operation; body: Record<string, unknown> } {
  const messages = [{ role: 'user', content: 'Say hi.' }]
  return { operation: 'chat', body: { model: connection.model, messages, max_tokens: 1 } }
}
