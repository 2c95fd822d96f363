import type { Credential } from '../../core/entities.ts'
import type { ListedModel, Provider, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import { baseUrl, getRequest } from '../shared/json-request.ts'
import { asObject, asText, parseObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { anthropicUrl, anthropicVersion } from './dialect.ts'

/** `GET /v1/models`, page by page (providers' facts §6.1); Anthropic has no embedding models. */
export const listModels: NonNullable<Provider['listModels']> = { request, read }

/** The most that one page may hold. */
const pageSize = 1000

function request(credential: Credential): UpstreamRequest {
  const url = `${baseUrl(credential, anthropicUrl)}/v1/models?limit=${pageSize}`
  return getRequest(url, { 'anthropic-version': anthropicVersion })
}

function read(
  response: UpstreamResponse,
  asked: UpstreamRequest,
): { models: ListedModel[]; next: UpstreamRequest | null } {
  const page = parseObject(response.body)
  const data = page?.['data']
  if (!Array.isArray(data))
    throw malformed('The provider answered with something other than a list of models.')
  const ids = data.map((model) => asText(asObject(model)?.['id'])).filter((id) => id !== null)
  const after = page?.['has_more'] === true ? asText(page['last_id']) : null
  return {
    models: ids.map((id) => ({ id, kind: 'chat' })),
    next: after === null ? null : nextPage(asked, after),
  }
}

function nextPage(asked: UpstreamRequest, after: string): UpstreamRequest | null {
  const url = new URL(asked.url)
  // A page that names itself as the next would be asked for ever.
  if (url.searchParams.get('after_id') === after) return null
  url.searchParams.set('after_id', after)
  return { ...asked, url: url.href }
}
