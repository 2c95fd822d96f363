import type { Credential } from '../../core/entities.ts'
import type { ListedModel, Provider, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import { baseUrl, getRequest } from '../shared/json-request.ts'
import { asObject, asText, parseObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { cohereUrl } from './fields.ts'

/** `GET /v1/models`, page by page (providers' facts §10.1). */
export const listModels: NonNullable<Provider['listModels']> = { request, read }

/** The most that one page may hold. */
const pageSize = 1000

function request(credential: Credential): UpstreamRequest {
  return getRequest(`${baseUrl(credential, cohereUrl)}/v1/models?page_size=${pageSize}`)
}

function read(
  response: UpstreamResponse,
  asked: UpstreamRequest,
): { models: ListedModel[]; next: UpstreamRequest | null } {
  const page = parseObject(response.body)
  const models = page?.['models']
  if (!Array.isArray(models)) {
    throw malformed('The provider answered with something other than a list of models.')
  }
  const token = asText(page?.['next_page_token'])
  return { models: models.flatMap(readModel), next: token === null ? null : nextPage(asked, token) }
}

/** A model is named by `name`; those that only rerank or classify are left out. */
function readModel(value: unknown): ListedModel[] {
  const model = asObject(value)
  const id = asText(model?.['name'])
  const endpoints = model?.['endpoints']
  if (id === null) return []
  if (!Array.isArray(endpoints) || endpoints.length === 0) return [{ id, kind: 'unknown' }]
  if (endpoints.includes('chat')) return [{ id, kind: 'chat' }]
  return endpoints.includes('embed') ? [{ id, kind: 'embedding' }] : []
}

function nextPage(asked: UpstreamRequest, token: string): UpstreamRequest | null {
  const url = new URL(asked.url)
  // A page that names itself as the next would be asked for ever.
  if (url.searchParams.get('page_token') === token) return null
  url.searchParams.set('page_token', token)
  return { ...asked, url: url.href }
}
