import type { JsonObject } from '../shared/json.ts'
import { asCount, asObject } from '../shared/json.ts'

/** How one family of embedding models is asked and answers through InvokeModel. */
export interface EmbeddingDialect {
  /** Texts that one request may hold. */
  readonly batch: number
  /** The sizes it can be asked for; the only one there is, where it cannot be asked. */
  readonly dimensions: readonly number[]
  /** Whether `input_type` says anything to it. */
  readonly hasInputType: boolean
  body(texts: readonly string[], options: EmbeddingOptions): JsonObject
  /** The vectors, as they stand in the answer; empty where it has none. */
  vectors(answer: JsonObject): readonly unknown[]
  /** Tokens, where the body counts them; the header does for every model. */
  tokens(answer: JsonObject): number | null
}

export interface EmbeddingOptions {
  /** null: the client leaves it to the model. */
  readonly dimensions: number | null
  readonly inputType: string
}

/** Amazon Titan Text Embeddings, both generations: one text a request. */
function titan(dimensions: readonly number[]): EmbeddingDialect {
  return {
    batch: 1,
    dimensions,
    hasInputType: false,
    body: ([text], { dimensions: asked }) =>
      asked === null || dimensions.length === 1
        ? { inputText: text }
        : { inputText: text, dimensions: asked },
    vectors: (answer) => [answer['embedding']],
    tokens: (answer) => asCount(answer['inputTextTokenCount']),
  }
}

/** Cohere Embed: up to 96 texts. An overlong text is refused, as OpenAI does, and not cut. */
function cohere(dimensions: readonly number[]): EmbeddingDialect {
  return {
    batch: 96,
    dimensions,
    hasInputType: true,
    body: (texts, { dimensions: asked, inputType }) => ({
      texts,
      input_type: inputType,
      truncate: 'NONE',
      ...(asked === null || dimensions.length === 1 ? {} : { output_dimension: asked }),
    }),
    vectors: ({ embeddings }) => asList(asObject(embeddings)?.['float'] ?? embeddings),
    tokens: () => null,
  }
}

const nova: EmbeddingDialect = {
  batch: 1,
  dimensions: [256, 384, 1024, 3072],
  hasInputType: false,
  body: ([text], { dimensions }) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: 'GENERIC_INDEX',
      ...(dimensions === null ? {} : { embeddingDimension: dimensions }),
      text: { truncationMode: 'NONE', value: text },
    },
  }),
  vectors: ({ embeddings }) => asList(embeddings).map((item) => asObject(item)?.['embedding']),
  tokens: (answer) => asCount(answer['inputTokenCount']),
}

const dialects: readonly (readonly [nameHas: RegExp, EmbeddingDialect])[] = [
  [/titan-embed-text-v1|titan-embed-g1/, titan([1536])],
  [/titan-embed-text-v2/, titan([256, 512, 1024])],
  [/cohere\.embed-(english|multilingual)-v3/, cohere([1024])],
  [/cohere\.embed-v4/, cohere([256, 512, 1024, 1536])],
  [/nova-.*embed/, nova],
]

/** Of a model by its id in lower case; null: none that embeds. */
export function embeddingDialect(model: string): EmbeddingDialect | null {
  return dialects.find(([nameHas]) => nameHas.test(model))?.[1] ?? null
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
