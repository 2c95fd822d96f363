import type { ModelKind } from '../../core/entities.ts'
import type { ListedModel } from '../../core/provider.ts'

/** What a name says of a model whose provider does not say what it does: the first row that fits. null: neither text nor embeddings. */
const kindsOfNames: readonly (readonly [name: RegExp, kind: ModelKind | null])[] = [
  [/image|dall-e|imagen|flux|diffusion|canvas|kandinsky|sdxl/i, null],
  [/whisper|\btts\b|transcri|speech|audio|voice|realtime|sonic|lyria|chirp/i, null],
  [/video|sora|\bveo\b|\breel\b|\bray\b|pegasus/i, null],
  [/moderation|guard\b|rerank|classif|\bocr\b/i, null],
  [/embed|(?:^|[/:._-])(?:bge|gte|e5|minilm|nomic|voyage)(?:[-_.]|$)/i, 'embedding'],
]

/** Models by what they do, of each once, in order of their names. `isEmbedding` null: either kind. */
export function namesOf(models: readonly ListedModel[], isEmbedding: boolean | null): string[] {
  const wanted = isEmbedding === null ? null : isEmbedding ? 'embedding' : 'chat'
  const names = models.filter((model) => {
    const kind = kindOf(model)
    return kind !== null && (wanted === null || kind === wanted)
  })
  return [...new Set(names.map(({ id }) => id))].toSorted()
}

function kindOf({ id, kind }: ListedModel): ModelKind | null {
  if (kind !== 'unknown') return kind
  const row = kindsOfNames.find(([name]) => name.test(id))
  return row === undefined ? 'chat' : row[1]
}
