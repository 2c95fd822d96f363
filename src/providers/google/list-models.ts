import type { Credential, ModelKind } from '../../core/entities.ts'
import type { ListedModel, Provider, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import { getRequest } from '../shared/json-request.ts'
import { asText, type JsonObject, parseObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { listBase, usesVertex } from './hosts.ts'
import { listOf } from './read-response.ts'

/** The models of the Gemini API, or Vertex AI's catalogue, page by page (providers' facts §8.1, §9.1). */
export const listModels: NonNullable<Provider['listModels']> = { request, read }

/** Models for images, audio and video; what they answer is no text. */
const otherModels =
  /image|imagen|tts|audio|veo|lyria|live|aqa|computer-use|video|chirp|speech|tryon|recontext/
/** What the catalogue holds of Google's own that can be called as chat. */
const chatModels = /^(?:gemini|gemma|learnlm|medgemma)/

function request(credential: Credential): UpstreamRequest {
  const base = listBase(credential)
  if (!usesVertex(credential)) return getRequest(`${base}/v1beta/models?pageSize=1000`)
  const project = credential.settings['gcp_project'] ?? ''
  return getRequest(`${base}/v1beta1/publishers/google/models?pageSize=100`, {
    'x-goog-user-project': project,
  })
}

function read(
  response: UpstreamResponse,
  asked: UpstreamRequest,
): { models: ListedModel[]; next: UpstreamRequest | null } {
  const page = parseObject(response.body)
  const field = new URL(asked.url).pathname.includes('/publishers/') ? 'publisherModels' : 'models'
  if (page === null || (field in page && !Array.isArray(page[field]))) {
    throw malformed('The provider answered with something other than a list of models.')
  }
  // An empty page leaves the list out.
  const models = listOf(page[field]).flatMap((model) => listed(model))
  return { models, next: nextPage(asked, asText(page['nextPageToken'])) }
}

function listed(model: JsonObject): ListedModel[] {
  const id = asText(model['name'])?.replace(/^(?:publishers\/google\/)?models\//, '')
  if (id === undefined) return []
  const kind = kindOf(id, model['supportedGenerationMethods'])
  return kind === null ? [] : [{ id, kind }]
}

/** The Gemini API says what a model does; of the catalogue's only the name tells. */
function kindOf(id: string, methods: unknown): ModelKind | null {
  const does: readonly unknown[] | null = Array.isArray(methods) ? methods : null
  const embeds =
    does === null ? /embedding/.test(id) && !/multimodal/.test(id) : does.includes('embedContent')
  if (embeds) return 'embedding'
  const chats = does === null ? chatModels.test(id) : does.includes('generateContent')
  return chats && !otherModels.test(id) ? 'chat' : null
}

function nextPage(asked: UpstreamRequest, token: string | null): UpstreamRequest | null {
  const url = new URL(asked.url)
  // A page that names itself as the next would be asked for ever.
  if (token === null || url.searchParams.get('pageToken') === token) return null
  url.searchParams.set('pageToken', token)
  return { ...asked, url: url.href }
}
