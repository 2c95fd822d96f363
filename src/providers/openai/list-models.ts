import type { ListedModel, UpstreamResponse } from '../../core/provider.ts'
import { asObject, asText, parseJson, type JsonObject } from '../shared/json.ts'
import { isErrorBody } from './error-shape.ts'
import { readStreamError } from './read-error.ts'
import { unexpected } from './read-response.ts'

/**
 * OpenAI's list, Writer's (`models`), or Together's bare array: text and embedding models. Models of images, sound, video, moderation and
 * ranking are left out, by what the host says of them and else by their names. Throws GatewayError (reason
 * provider_down) for what is no list.
 */
export function readModels({ status, headers, body }: UpstreamResponse): ListedModel[] {
  const value = parseJson(Buffer.from(body).toString('utf8'))
  const object = asObject(value)
  if (object !== null && isErrorBody(object)) throw readStreamError(object, { headers, status })
  const list = object === null ? value : (object['data'] ?? object['models'])
  if (!Array.isArray(list)) throw unexpected('no list of models')
  return list.flatMap((item: unknown) => {
    const model = asObject(item)
    const id = asText(model?.['id'])
    const kind = model === null || id === null ? null : kindOf(model, id)
    return id === null || kind === null ? [] : [{ id, kind }]
  })
}

const statedKinds: Readonly<Record<string, ListedModel['kind'] | null>> = {
  chat: 'chat',
  language: 'chat',
  code: 'chat',
  llm: 'chat',
  vlm: 'chat',
  embedding: 'embedding',
  embeddings: 'embedding',
  image: null,
  audio: null,
  video: null,
  moderation: null,
  rerank: null,
  transcribe: null,
}

/** Together and LM Studio say `type`, OpenRouter `architecture.output_modalities`, Mistral `capabilities`. */
function kindOf(model: JsonObject, id: string): ListedModel['kind'] | null {
  const type = asText(model['type'])
  if (type !== null && Object.hasOwn(statedKinds, type))
    return statedKinds[type] as ListedModel['kind'] | null
  const outputs = asObject(model['architecture'])?.['output_modalities']
  if (Array.isArray(outputs)) return outputs.includes('text') ? 'chat' : kindOfName(id, null)
  const chats = asObject(model['capabilities'])?.['completion_chat']
  return chats === true ? 'chat' : kindOfName(id, 'chat')
}

const embeddingName = /embed|(?:^|[/:-])(?:bge|gte|e5|minilm|nomic|voyage)(?:[-_.]|$)|m2-bert/i

/** Words of names whose models give no text, or something else than an answer. */
const otherNames: readonly RegExp[] = [
  /dall-e|image|flux|diffusion/i,
  /whisper|\btts\b|-tts|transcri|realtime|-audio|^audio|speech|lyria/i,
  /sora|video|\bveo\b/i,
  /moderation|guard\b|rerank|\bocr\b|computer-use/i,
]

function kindOfName(id: string, otherwise: ListedModel['kind'] | null): ListedModel['kind'] | null {
  if (otherNames.some((name) => name.test(id))) return null
  return embeddingName.test(id) ? 'embedding' : otherwise
}
