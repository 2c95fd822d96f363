import { hash } from 'node:crypto'
import type { EmbeddingsResponse } from '../../core/openai.ts'
import { type EchoAnswer, json, refusal } from './answer.ts'
import { countWords } from './words.ts'

const defaultDimensions = 256
const maxDimensions = 4096

/** `POST /v1/embeddings`: to each input its own vector of length one, the same for the same text. */
export function echoEmbeddings(body: Record<string, unknown>): EchoAnswer {
  const { input, model } = body
  const inputs = listInputs(input)
  if (typeof model !== 'string' || inputs === null) {
    return refusal(400, '`model` and `input` are required.', 'input')
  }
  const dimensions = body['dimensions'] ?? defaultDimensions
  if (!Number.isInteger(dimensions) || Number(dimensions) < 1 || Number(dimensions) > maxDimensions) {
    return refusal(400, `\`dimensions\` must be 1 to ${maxDimensions}.`, 'dimensions')
  }
  const asBase64 = body['encoding_format'] === 'base64'
  const words = inputs.reduce((sum, one) => sum + (typeof one === 'string' ? countWords(one) : one.length), 0)
  const answer: EmbeddingsResponse = {
    object: 'list',
    model,
    data: inputs.map((one, index) => {
      const vector = unitVector(JSON.stringify(one), Number(dimensions))
      const embedding = asBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector]
      return { object: 'embedding', index, embedding }
    }),
    usage: { prompt_tokens: words, total_tokens: words },
  }
  return json(answer)
}

/** A text, texts, tokens or lists of tokens; null for anything else. */
function listInputs(input: unknown): (string | number[])[] | null {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0) return null
  if (isTokens(input)) return [input]
  return input.every((one) => typeof one === 'string' || isTokens(one)) ? input : null
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one))
}

/** Hashes of the text, numbered on, as numbers from -1 to 1, brought to length one. */
function unitVector(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(dimensions)
  let bytes = Buffer.alloc(0)
  for (let index = 0; index < dimensions; index++) {
    const at = (index % 8) * 4
    if (at === 0) bytes = hash('sha256', `${index}:${text}`, 'buffer') as Buffer<ArrayBuffer>
    values[index] = bytes.readInt32LE(at) / 2 ** 31
  }
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}
