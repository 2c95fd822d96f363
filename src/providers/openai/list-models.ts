import type { ListedModel, UpstreamResponse } from '../../core/provider.ts'
import { asObject, asText, parseJson, type JsonObject } from '../shared/json.ts'
import { unexpected } from './read-response.ts'

/**
 * OpenAI's list, or Together's bare array: text and embedding models. Models of images, sound, video, moderation and
 * ranking are left out, by what the host says of them and else by their names. Throws GatewayError (reason
 * provider_down) for what is no list.
 */
export function readModels({ body }: UpstreamResponse): ListedModel[] {
  const value = parseJson(Buffer.from(body).toString('utf8'))
  const list = Array.isArray(value) ? value : asObject(value)?.['data']
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
  if (type !== null && Object.hasOwn(statedKinds, type)) return statedKinds[type] as ListedModel['kind'] | null
  const outputs = asObject(model['architecture'])?.['output_modalities']
  if (Array.isArray(outputs)) return outputs.includes('text') ? 'chat' : kindOfName(id, null)
  const chats = asObject(model['capabilities'])?.['completion_chat']
  return chats === true ? 'chat' : kindOfName(id, 'chat')
}

const embeddingName = /embed|(?:^|[/:-])(?:bge|gte|e5|minilm|nomic|voyage)(?:[-_.]|$)|m2-bert/i
const otherName =
  /dall-e|image|whisper|\btts\b|-tts|transcri|realtime|-audio|^audio|speech|sora|video|moderation|guard\b|rerank|flux|diffusion|imagen|\bveo\b|lyria|\bocr\b|computer-use|davinci-edit/i

function kindOfName(id: string, otherwise: ListedModel['kind'] | null): ListedModel['kind'] | null {
  if (otherName.test(id)) return null
  return embeddingName.test(id) ? 'embedding' : otherwise
}
