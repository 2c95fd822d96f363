import type { Credential } from '../../core/entities.ts'
import type { ListedModel, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import { getRequest } from '../shared/json-request.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { controlBase, credentialRegion } from './hosts.ts'

/** What ends up in the list: text and embeddings; never image, audio or video models. */
const otherModels = /^stability\.|^luma\.|canvas|reel|sonic|titan-image|rerank|pegasus|-video|whisper/
const pageSize = '1000'

/**
 * Bedrock's models: the foundation models that can be called on demand, then the inference profiles, AWS's own and the
 * account's, page by page (Bedrock API: ListFoundationModels, ListInferenceProfiles).
 */
export const listModels = {
  right: 'bedrock:ListFoundationModels',

  request: (credential: Credential): UpstreamRequest => ({
    ...getRequest(`${controlBase(credential)}/foundation-models`, { accept: 'application/json' }),
    region: credentialRegion(credential),
  }),

  read(
    response: UpstreamResponse,
    request: UpstreamRequest,
  ): { models: ListedModel[]; next: UpstreamRequest | null } {
    const answer = parseObject(response.body)
    if (Array.isArray(answer?.['modelSummaries'])) {
      const models = objects(answer['modelSummaries']).flatMap(foundationModel)
      return { models, next: profilesPage(request, 'SYSTEM_DEFINED') }
    }
    if (!Array.isArray(answer?.['inferenceProfileSummaries'])) {
      throw malformed('Bedrock answered without a list of models.')
    }
    const models = objects(answer['inferenceProfileSummaries']).flatMap(inferenceProfile)
    return { models, next: nextPage(request, asText(answer['nextToken'])) }
  },
}

function foundationModel(summary: JsonObject): ListedModel[] {
  const id = asText(summary['modelId'])
  const isOnDemand = texts(summary['inferenceTypesSupported']).includes('ON_DEMAND')
  if (id === null || !isOnDemand) return []
  const outputs = texts(summary['outputModalities'])
  if (outputs.includes('EMBEDDING')) return [{ id, kind: 'embedding' }]
  return outputs.includes('TEXT') && !otherModels.test(id) ? [{ id, kind: 'chat' }] : []
}

/** AWS's own profiles are called by id, an account's by ARN. What they do, only their models' names tell. */
function inferenceProfile(summary: JsonObject): ListedModel[] {
  const isOwn = summary['type'] === 'APPLICATION'
  const id = asText(summary[isOwn ? 'inferenceProfileArn' : 'inferenceProfileId'])
  const [first] = objects(summary['models'])
  const model = asText(first?.['modelArn'])?.replace(/^.*\//, '') ?? id ?? ''
  if (id === null || summary['status'] !== 'ACTIVE' || otherModels.test(model)) return []
  return [{ id, kind: /embed/.test(model) ? 'embedding' : 'chat' }]
}

function nextPage(request: UpstreamRequest, token: string | null): UpstreamRequest | null {
  const type = new URL(request.url).searchParams.get('type')
  if (token !== null) return profilesPage(request, type ?? 'SYSTEM_DEFINED', token)
  return type === 'SYSTEM_DEFINED' ? profilesPage(request, 'APPLICATION') : null
}

function profilesPage(request: UpstreamRequest, type: string, token: string | null = null): UpstreamRequest {
  const base = request.url.replace(/\/[^/]*$/, '')
  const page = token === null ? '' : `&nextToken=${encodeURIComponent(token)}`
  return { ...request, url: `${base}/inference-profiles?maxResults=${pageSize}&type=${type}${page}` }
}

function objects(value: unknown): JsonObject[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  return list.map(asObject).filter((item) => item !== null)
}

function texts(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
