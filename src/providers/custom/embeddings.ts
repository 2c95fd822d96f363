import type {
  BuiltRequests,
  Call,
  EmbeddingsCall,
  ReadResponse,
  Translator,
  UpstreamResponse,
} from '../../core/provider.ts'
import { embeddingAnswer } from '../shared/embedding-answer.ts'
import { malformed } from '../shared/upstream-error.ts'
import { buildRequest } from './build-request.ts'
import type { ExpressionPool } from './expression-pool.ts'
import { readAnswer } from './read-answer.ts'
import { usageIn } from './read-values.ts'

/** Embeddings by a template, all inputs in one request. The form of the vectors (`encoding_format`) is the gateway's. */
export function createEmbeddings(pool: ExpressionPool): Translator {
  return {
    buildRequests: (call) => build(pool, asEmbeddings(call)),
    readResponse: ([response], call) => read(pool, response, asEmbeddings(call)),
    streaming: () => ({ kind: 'none' }),
  }
}

async function build(pool: ExpressionPool, call: EmbeddingsCall): Promise<BuiltRequests> {
  const { encoding_format: _form, ...body } = call.body
  const input = { ...body, model: call.connection.modelName }
  return { requests: [await buildRequest(pool, call, input)], dropped: [] }
}

async function read(
  pool: ExpressionPool,
  response: UpstreamResponse | undefined,
  call: EmbeddingsCall,
): Promise<ReadResponse> {
  const values = await readAnswer(pool, response, call)
  const found = values['response.embeddings']
  // JSONata takes the list off a single item.
  const vectors = isVector(found) ? [found] : found
  if (!Array.isArray(vectors) || !vectors.every(isVector) || vectors.length !== countInputs(call)) {
    throw malformed(
      "The template's `response.embeddings` found no list of vectors, one for each input, in the provider's answer.",
    )
  }
  const usage = usageIn(values, 'response')
  return { body: embeddingAnswer(call, vectors, usage?.input ?? 0), usage }
}

/** A list of numbers is one input, in tokens. */
function countInputs({ body: { input } }: EmbeddingsCall): number {
  return typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

function asEmbeddings(call: Call): EmbeddingsCall {
  if (call.operation !== 'embeddings') {
    throw new Error(`the embeddings translator was given ${call.operation}`)
  }
  return call
}
