import type { GatewayError } from '../../core/errors.ts'
import type { EmbeddingsRequest } from '../../core/openai.ts'
import type {
  BuiltRequests,
  EmbeddingsCall,
  ReadResponse,
  Translator,
  UpstreamResponse,
} from '../../core/provider.ts'
import { noUsage } from '../../core/usage.ts'
import { droppedParams, ofEmbeddings } from '../shared/dropped-params.ts'
import { embeddingAnswer } from '../shared/embedding-answer.ts'
import { asEmbeddings, readTexts } from '../shared/embedding-input.ts'
import { baseUrl, jsonRequest } from '../shared/json-request.ts'
import { asCount, asObject, parseObject } from '../shared/json.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { malformed } from '../shared/upstream-error.ts'
import { cohereUrl } from './fields.ts'
import { capabilitiesOf, type CohereCapabilities } from './models.ts'

/** What one request may hold (providers' facts §10.6). */
const batch = 96
const inputTypes = ['search_document', 'search_query', 'classification', 'clustering']
const honoured: ReadonlySet<string> = new Set(['dimensions', 'input_type', 'truncate'])
const truncations = ['NONE', 'START', 'END']

/** Cohere's v2 embed, in as many requests as its batches need (providers' facts §10.6). */
export const embeddings: Translator = {
  buildRequests: (call) => build(asEmbeddings(call)),
  readResponse: (responses, call) => read(responses, asEmbeddings(call)),
  streaming: () => ({ kind: 'none' }),
}

function build({ body, connection }: EmbeddingsCall): BuiltRequests {
  const capabilities = capabilitiesOf(connection)
  const texts = readTexts(body, 'Cohere')
  const dimension = readDimension(body, capabilities)
  const truncate = readWord(body, 'truncate', truncations)
  const shared = {
    model: connection.modelName,
    input_type: readWord(body, 'input_type', inputTypes) ?? capabilities.input_type,
    embedding_types: ['float'],
    ...(dimension === null ? {} : { output_dimension: dimension }),
    ...(truncate === null ? {} : { truncate }),
  }
  const url = `${baseUrl(connection.credential, cohereUrl)}/v2/embed`
  const requests = []
  for (let at = 0; at < texts.length; at += batch) {
    requests.push(jsonRequest({ url, body: { ...shared, texts: texts.slice(at, at + batch) }, connection }))
  }
  return { requests, dropped: droppedParams(body, honoured, ofEmbeddings) }
}

function read(responses: readonly UpstreamResponse[], call: EmbeddingsCall): ReadResponse {
  const vectors: number[][] = []
  let input: number | null = null
  for (const { body } of responses) {
    const answer = parseObject(body)
    const found = asObject(answer?.['embeddings'])?.['float']
    if (!Array.isArray(found) || !found.every(isVector)) throw noVectors()
    vectors.push(...found)
    const billed = asObject(asObject(answer?.['meta'])?.['billed_units'])
    const count = asCount(billed?.['input_tokens'])
    if (count !== null) input = (input ?? 0) + count
  }
  if (vectors.length !== readTexts(call.body, 'Cohere').length) throw noVectors()
  return {
    body: embeddingAnswer(call, vectors, input ?? 0),
    usage: input === null ? null : { ...noUsage, input },
  }
}

/** null: nothing is asked for, or the only length that the model has. */
function readDimension({ dimensions }: EmbeddingsRequest, capabilities: CohereCapabilities): number | null {
  if (dimensions === undefined || dimensions === null) return null
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw invalid('dimensions', '`dimensions` must be a positive integer.')
  }
  const offered = capabilities.dimensions.split(' ').filter((length) => length !== '')
  if (offered.length === 0) return dimensions
  if (!offered.includes(String(dimensions))) {
    throw unsupported('dimensions', `The model has embeddings of ${offered.join(', ')} dimensions.`)
  }
  return offered.length === 1 ? null : dimensions
}

/** Extensions as Cohere's clients write them: what the embedding is for, and which end of a long text is cut. */
function readWord(
  body: EmbeddingsRequest,
  param: 'input_type' | 'truncate',
  words: readonly string[],
): string | null {
  const value = body[param]
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && words.includes(value)) return value
  throw invalid(param, `\`${param}\` must be one of ${words.join(', ')}.`)
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

function noVectors(): GatewayError {
  return malformed('The provider answered without the embeddings that were asked for.')
}
