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
import { jsonRequest } from '../shared/json-request.ts'
import { asObject, parseJson } from '../shared/json.ts'
import { invalid } from '../shared/refusals.ts'
import { malformed } from '../shared/upstream-error.ts'
import { embeddingForm } from './embedding-forms.ts'
import { modelUrl } from './hosts.ts'
import { readErrorObject, unwrap } from './read-error.ts'

const honoured: ReadonlySet<string> = new Set(['dimensions', 'task_type', 'input_type'])

/** Vertex AI takes 20 000 tokens in one request (providers' facts §9.5); texts are rarely denser than this. */
const maxBatchCharacters = 40_000

/** Google's words, and Cohere's for the same (its clients' `input_type`). */
const taskTypes: Readonly<Record<string, string>> = {
  search_query: 'RETRIEVAL_QUERY',
  search_document: 'RETRIEVAL_DOCUMENT',
  ...Object.fromEntries(
    [
      'RETRIEVAL_QUERY',
      'RETRIEVAL_DOCUMENT',
      'SEMANTIC_SIMILARITY',
      'CLASSIFICATION',
      'CLUSTERING',
      'QUESTION_ANSWERING',
      'FACT_VERIFICATION',
      'CODE_RETRIEVAL_QUERY',
    ].map((word) => [word.toLowerCase(), word]),
  ),
}

/**
 * Embeddings of the Gemini API and of Vertex AI, in as many requests as their batches need (providers' facts §8.7, §9.5).
 * `overrides.capabilities.normalize` scales their vectors to the length 1.
 */
export const embeddings: Translator = {
  buildRequests: (call) => build(asEmbeddings(call)),
  readResponse: (responses, call) => read(responses, asEmbeddings(call)),
  streaming: () => ({ kind: 'none' }),
}

function build({ body, connection }: EmbeddingsCall): BuiltRequests {
  const form = embeddingForm(connection)
  const options = { dimensions: readDimensions(body), taskType: readTaskType(body) }
  const url = modelUrl(connection, form.method)
  const requests = batchesOf(readTexts(body, 'Google'), form.batch).map((texts) =>
    jsonRequest({ url, body: form.body(texts, options, connection.modelName), connection }),
  )
  return { requests, dropped: droppedParams(body, honoured, ofEmbeddings) }
}

function read(responses: readonly UpstreamResponse[], call: EmbeddingsCall): ReadResponse {
  const form = embeddingForm(call.connection)
  const vectors: number[][] = []
  let input = 0
  // Shortened vectors of some models are not of length 1, as OpenAI's always are.
  const scale = call.connection.overrides.capabilities?.['normalize'] === true ? toUnitLength : asTheyAre
  for (const { body, headers } of responses) {
    const answer = unwrap(parseJson(Buffer.from(body).toString('utf8')))
    if (answer === null) throw noVectors()
    if (asObject(answer['error']) !== null) throw readErrorObject(answer, headers)
    const found = form.vectors(answer)
    if (found.length === 0 || !found.every(isVector)) throw noVectors()
    vectors.push(...found.map(scale))
    // Most of Google's embedding models do not say: 0 is then what OpenAI's clients, which need a number, read.
    input += form.tokens(answer) ?? 0
  }
  if (vectors.length !== readTexts(call.body, 'Google').length) throw noVectors()
  return { body: embeddingAnswer(call, vectors, input), usage: { ...noUsage, input } }
}

function batchesOf(texts: readonly string[], most: number): string[][] {
  const batches: string[][] = []
  let characters = 0
  for (const text of texts) {
    const last = batches.at(-1)
    characters += text.length
    if (last === undefined || last.length >= most || characters > maxBatchCharacters) {
      batches.push([text])
      characters = text.length
    } else {
      last.push(text)
    }
  }
  return batches
}

function readDimensions({ dimensions }: EmbeddingsRequest): number | null {
  if (dimensions === undefined || dimensions === null) return null
  if (Number.isInteger(dimensions) && dimensions >= 1) return dimensions
  throw invalid('dimensions', '`dimensions` must be a positive integer.')
}

/** Extensions: `task_type` as Google's clients write it, `input_type` as Cohere's do. */
function readTaskType(body: EmbeddingsRequest): string | null {
  for (const param of ['task_type', 'input_type']) {
    const value = body[param]
    if (value === undefined || value === null) continue
    const word = typeof value === 'string' ? value.toLowerCase() : ''
    if (Object.hasOwn(taskTypes, word)) return taskTypes[word] as string
    throw invalid(param, `\`${param}\` must be one of ${Object.keys(taskTypes).join(', ')}.`)
  }
  return null
}

function asTheyAre(vector: number[]): number[] {
  return vector
}

function toUnitLength(vector: number[]): number[] {
  const length = Math.hypot(...vector)
  return length > 0 ? vector.map((value) => value / length) : vector
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

function noVectors(): GatewayError {
  return malformed('Google answered without the embeddings that were asked for.')
}
