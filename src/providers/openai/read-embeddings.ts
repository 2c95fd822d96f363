import { GatewayError } from '../../core/errors.ts'
import type { EmbeddingsCall, ReadResponse } from '../../core/provider.ts'
import { decodedLength } from '../shared/data-url.ts'
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
  if (isEncoded(embedding)) return embedding
  if (!isVector(embedding)) throw noEmbeddings()
  const bytes = Buffer.allocUnsafe(embedding.length * 4)
  for (const [index, value] of embedding.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

/** The other way round. */
export function toNumbers(embedding: unknown): number[] {
  if (isVector(embedding)) return embedding
  if (!isEncoded(embedding)) throw noEmbeddings()
  const bytes = Buffer.from(embedding, 'base64')
  const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
  // JSON has no word for the others.
  if (!numbers.every(Number.isFinite)) throw noEmbeddings()
  return numbers
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Base64 of one float32 or more: plain letters, padded, of a whole number of four bytes. */
function isEncoded(value: unknown): value is string {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !base64.test(value)) return false
  return decodedLength(value) % 4 === 0
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
