import type { EmbeddingsResponse } from '../../core/openai.ts'
import type { EmbeddingsCall } from '../../core/provider.ts'

/**
 * OpenAI's answer of vectors in the order of the inputs. `encoding_format: base64`, which OpenAI's SDKs ask for by
 * themselves, is float32 in little-endian order.
 */
export function embeddingAnswer(
  { body, connection }: EmbeddingsCall,
  vectors: readonly number[][],
  promptTokens: number,
): EmbeddingsResponse {
  const asText = body.encoding_format === 'base64'
  return {
    object: 'list',
    model: connection.modelName,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: asText ? toBase64(vector) : vector,
    })),
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  }
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
