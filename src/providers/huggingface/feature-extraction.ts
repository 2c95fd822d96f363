import { GatewayError } from '../../core/errors.ts'
import type { BuiltRequests, EmbeddingsCall, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { headersFor } from '../openai/build-request.ts'
import { isAsked } from '../openai/draft.ts'
import { readStreamError } from '../openai/read-error.ts'
import { unexpected } from '../openai/read-response.ts'
import { embeddingAnswer } from '../shared/embedding-answer.ts'
import { jsonRequest } from '../shared/json-request.ts'
import { asObject, parseJson } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'
import { featureExtractionUrl } from './address.ts'

/** The pipeline's own parameters, which a client may send beside OpenAI's. */
const ownParameters = ['normalize', 'truncate', 'truncation_direction', 'prompt_name']
/** Seen to by the gateway itself. */
const understood = ['model', 'input', 'encoding_format', ...ownParameters]

/**
 * An embeddings call as the feature-extraction pipeline takes it: always a list of texts, so that the answer's depth
 * tells vectors of texts from vectors of tokens. Throws 400 `unsupported_parameter` for tokens and `dimensions`.
 */
export function buildFeatureExtraction(call: EmbeddingsCall): BuiltRequests {
  const { body, connection } = call
  const inputs = typeof body.input === 'string' ? [body.input] : body.input
  if (inputs.some((input) => typeof input !== 'string')) {
    throw unsupported('input', 'This model takes texts as `input`, not token ids.')
  }
  if (isAsked('dimensions', body.dimensions)) {
    throw unsupported('dimensions', 'This model does not support `dimensions`.')
  }
  const own = Object.fromEntries(
    ownParameters.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  )
  const url = featureExtractionUrl(connection)
  return {
    requests: [jsonRequest({ url, body: { inputs, ...own }, headers: headersFor(call), connection })],
    dropped: Object.keys(body).filter(
      (name) => !understood.includes(name) && /^[\w.-]{1,64}$/.test(name) && isAsked(name, body[name]),
    ),
  }
}

/**
 * The pipeline's answer, a vector for each text, in OpenAI's form. The provider does not count tokens. Throws
 * GatewayError (reason provider_down) for what is no such answer: vectors of tokens too, since how they come to one
 * vector is the model's own matter, and another way gives other vectors without a word.
 */
export function readFeatureExtraction(
  responses: readonly UpstreamResponse[],
  call: EmbeddingsCall,
): ReadResponse {
  const value = parseJson(Buffer.from(responses[0]?.body ?? []).toString('utf8'))
  if (asObject(value)?.['error']) throw readStreamError(value)
  const count = typeof call.body.input === 'string' ? 1 : call.body.input.length
  const vectors: unknown = isVector(value) && count === 1 ? [value] : value
  if (!Array.isArray(vectors) || vectors.length !== count) throw unexpected('no vector for each text')
  if (vectors.every((vector) => Array.isArray(vector) && Array.isArray(vector[0]))) throw tokenLevel()
  if (!vectors.every(isVector)) throw unexpected('no vector for each text')
  return { body: embeddingAnswer(call, vectors, 0), usage: null }
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

function tokenLevel(): GatewayError {
  return new GatewayError(
    'upstream_error',
    'The model behind this connection gives a vector for each token, not one for a text: it is no embedding model.',
    { reason: 'provider_down' },
  )
}
