import type { Connection } from '../../core/entities.ts'
import { asCount, asObject, type JsonObject } from '../shared/json.ts'
import { geminiModel, type ModelMethod, usesVertex } from './hosts.ts'

export interface EmbeddingOptions {
  readonly dimensions: number | null
  /** Google's word for what the embedding is for, or null. */
  readonly taskType: string | null
}

/** One of the three ways in which Google's models take and give embeddings. */
export interface EmbeddingForm {
  readonly method: ModelMethod
  /** Texts of one request. */
  readonly batch: number
  body(texts: readonly string[], options: EmbeddingOptions, modelName: string): JsonObject
  /** As they stand in the answer; not yet checked. */
  vectors(answer: JsonObject): unknown[]
  /** null: Google does not say. */
  tokens(answer: JsonObject): number | null
}

/** The Gemini API (providers' facts §8.7). */
const batchEmbedContents: EmbeddingForm = {
  method: 'batchEmbedContents',
  batch: 100,
  body: (texts, { dimensions, taskType }, modelName) => ({
    requests: texts.map((text) => ({
      model: geminiModel(modelName),
      content: { parts: [{ text }] },
      ...(taskType === null ? {} : { taskType }),
      ...(dimensions === null ? {} : { outputDimensionality: dimensions }),
    })),
  }),
  vectors: (answer) => listOf(answer['embeddings']).map((one) => asObject(one)?.['values']),
  tokens: promptTokens,
}

/** Vertex AI's older models (providers' facts §9.5). */
const predict: EmbeddingForm = {
  method: 'predict',
  batch: 250,
  body: (texts, { dimensions, taskType }) => ({
    instances: texts.map((content) => ({ content, ...(taskType === null ? {} : { task_type: taskType }) })),
    ...(dimensions === null ? {} : { parameters: { outputDimensionality: dimensions } }),
  }),
  vectors: (answer) => predictions(answer).map((embeddings) => embeddings?.['values']),
  tokens: (answer) => {
    const counts = predictions(answer).map((one) => asCount(asObject(one?.['statistics'])?.['token_count']))
    return counts.some((count) => count !== null)
      ? counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      : null
  },
}

/** Vertex AI's newer models, one text at a time (providers' facts §9.5). */
const embedContent: EmbeddingForm = {
  method: 'embedContent',
  batch: 1,
  body: ([text = ''], { dimensions, taskType }) => {
    const config = {
      ...(dimensions === null ? {} : { outputDimensionality: dimensions }),
      ...(taskType === null ? {} : { taskType }),
    }
    const configured = Object.keys(config).length === 0 ? {} : { embedContentConfig: config }
    return { content: { parts: [{ text }] }, ...configured }
  },
  vectors: (answer) => [asObject(answer['embedding'])?.['values']],
  tokens: promptTokens,
}

/** `overrides.capabilities.embeddings` (`predict`, `embedContent`) and `embedding_batch` are for models not known here. */
export function embeddingForm({ credential, modelName, overrides }: Connection): EmbeddingForm {
  if (!usesVertex(credential)) return batchEmbedContents
  const { embeddings: named, embedding_batch: batch } = overrides.capabilities ?? {}
  const isOlder = /text-embedding|textembedding|multilingual|gemini-embedding-001/.test(modelName)
  const form = named === 'predict' || (named !== 'embedContent' && isOlder) ? predict : embedContent
  if (form === embedContent) return form
  if (typeof batch === 'number' && batch >= 1) return { ...form, batch: Math.floor(batch) }
  return modelName.includes('gemini-embedding-001') ? { ...form, batch: 1 } : form
}

function promptTokens(answer: JsonObject): number | null {
  return asCount(asObject(answer['usageMetadata'])?.['promptTokenCount'])
}

function predictions(answer: JsonObject): (JsonObject | null)[] {
  return listOf(answer['predictions']).map((one) => asObject(asObject(one)?.['embeddings']))
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
