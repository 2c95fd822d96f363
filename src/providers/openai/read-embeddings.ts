import { GatewayError } from '../../core/errors.ts'
import type { EmbeddingsCall, ReadResponse } from '../../core/provider.ts'
import { asObject, type JsonObject } from '../shared/json.ts'
import { usageOf } from './read-usage.ts'

/**
 * An embeddings answer, its vectors in the form the client asked for: hosts that do not know `encoding_format`
 * ignore it, and some SDKs cannot read the other form. Throws GatewayError (reason provider_down) for what is none.
 */
export function readEmbeddings(body: JsonObject, call: EmbeddingsCall): ReadResponse {
  const { data } = body
  if (!Array.isArray(data) || data.length !== inputCount(call.body.input)) throw noEmbeddings()
  const convert = call.body.encoding_format === 'base64' ? toBase64 : toNumbers
  const shown = data.map((value: unknown) => {
    const item = asObject(value)
    if (item === null) throw noEmbeddings()
    const embedding = convert(item['embedding'])
    return embedding === item['embedding'] ? value : { ...item, embedding }
  })
  const changed = shown.some((item, index) => item !== data[index])
  return { body: changed ? { ...body, data: shown } : null, usage: usageOf(body) }
}

function inputCount(input: EmbeddingsCall['body']['input']): number {
  return typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
}

/** Little-endian float32, as OpenAI encodes them; what is encoded already stays. Throws for what is no vector. */
export function toBase64(embedding: unknown): string {
  if (typeof embedding === 'string') return embedding
  if (!isVector(embedding)) throw noEmbeddings()
  const bytes = Buffer.allocUnsafe(embedding.length * 4)
  for (const [index, value] of embedding.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

/** The other way round. */
export function toNumbers(embedding: unknown): unknown[] {
  if (Array.isArray(embedding)) return embedding
  const bytes = typeof embedding === 'string' ? Buffer.from(embedding, 'base64') : null
  if (bytes === null || bytes.length === 0 || bytes.length % 4 !== 0) throw noEmbeddings()
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

function noEmbeddings(): GatewayError {
  return new GatewayError(
    'upstream_error',
    'The provider answered without the embeddings that were asked for.',
    {
      reason: 'provider_down',
    },
  )
}
