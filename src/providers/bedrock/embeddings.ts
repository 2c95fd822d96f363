import type { Connection } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
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
import { parseObject } from '../shared/json.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { malformed } from '../shared/upstream-error.ts'
import { type EmbeddingDialect, embeddingDialect } from './embedding-dialects.ts'
import { modelOf } from './families.ts'
import { runtimeRequest } from './hosts.ts'

const tokenCountHeader = 'x-amzn-bedrock-input-token-count'
const inputTypes = ['search_document', 'search_query', 'classification', 'clustering']
const defaultInputType = 'search_document'

/** Embeddings through InvokeModel: Titan, Cohere and Nova, each in its own words; as many requests as its batches need. */
export const embeddings: Translator = {
  buildRequests: (call) => build(asEmbeddings(call)),
  readResponse: (responses, call) => read(responses, asEmbeddings(call)),
  streaming: () => ({ kind: 'none' }),
}

function build({ body, connection }: EmbeddingsCall): BuiltRequests {
  const dialect = dialectOf(connection)
  const texts = readTexts(body, 'Bedrock')
  const options = { dimensions: readDimensions(body, dialect), inputType: readInputType(body) }
  const requests = []
  for (let at = 0; at < texts.length; at += dialect.batch) {
    const native = dialect.body(texts.slice(at, at + dialect.batch), options)
    requests.push(runtimeRequest(connection, 'invoke', native))
  }
  const honoured = new Set(['dimensions', ...(dialect.hasInputType ? ['input_type'] : [])])
  return { requests, dropped: droppedParams(body, honoured, ofEmbeddings) }
}

function read(responses: readonly UpstreamResponse[], call: EmbeddingsCall): ReadResponse {
  const dialect = dialectOf(call.connection)
  const vectors: number[][] = []
  let input = 0
  for (const { headers, body } of responses) {
    const answer = parseObject(body)
    const found = answer === null ? [] : dialect.vectors(answer)
    if (answer === null || found.length === 0 || !found.every(isVector)) throw noVectors()
    vectors.push(...found)
    input += readCount(headers[tokenCountHeader]) ?? dialect.tokens(answer) ?? 0
  }
  if (vectors.length !== readTexts(call.body, 'Bedrock').length) throw noVectors()
  return { body: embeddingAnswer(call, vectors, input), usage: { ...noUsage, input } }
}

function dialectOf(connection: Connection): EmbeddingDialect {
  const dialect = embeddingDialect(modelOf(connection))
  if (dialect !== null) return dialect
  throw new GatewayError(
    'unsupported_operation',
    'The gateway knows no embeddings of this Bedrock model; where it is behind an ARN, ' +
      'the switch `like` names the model it is.',
    { param: 'model' },
  )
}

function readDimensions({ dimensions }: EmbeddingsRequest, dialect: EmbeddingDialect): number | null {
  if (dimensions === undefined || dimensions === null) return null
  if (dialect.dimensions.includes(dimensions)) return dimensions
  throw unsupported('dimensions', `The model has embeddings of ${dialect.dimensions.join(', ')} dimensions.`)
}

/** An extension that Cohere's clients know: what the embedding is for. */
function readInputType({ input_type: value }: EmbeddingsRequest): string {
  if (value === undefined || value === null) return defaultInputType
  if (typeof value === 'string' && inputTypes.includes(value)) return value
  throw invalid('input_type', `\`input_type\` must be one of ${inputTypes.join(', ')}.`)
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

function readCount(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : null
}

function noVectors(): GatewayError {
  return malformed('Bedrock answered without the embeddings that were asked for.')
}
