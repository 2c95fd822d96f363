import type { Connection, Credential } from '../../core/entities.ts'
import { unsupported } from '../shared/refusals.ts'

export const routerUrl = 'https://router.huggingface.co/v1'

/** Where chat and lists go: the router, or a dedicated endpoint's `/v1`, which the endpoint's own address leaves out. */
export function rootUrl({ settings }: Credential): string {
  const address = (settings['base_url'] ?? routerUrl).replace(/\/+$/, '')
  return address.endsWith('/v1') ? address : `${address}/v1`
}

/**
 * Whether embeddings go to the feature-extraction pipeline, which the router has in place of `/v1/embeddings`. For a
 * proxy before the router `overrides.capabilities.feature_extraction` says so.
 */
export function usesFeatureExtraction({ credential, overrides }: Connection): boolean {
  const stated = overrides.capabilities?.['feature_extraction']
  return typeof stated === 'boolean' ? stated : isRouter(credential)
}

export function isRouter(credential: Credential): boolean {
  return URL.parse(rootUrl(credential))?.host === 'router.huggingface.co'
}

/** `…/hf-inference/models/{org}/{model}/pipeline/feature-extraction` (providers' facts §11). */
export function featureExtractionUrl({ credential, modelName }: Connection): string {
  const [name = '', host] = modelName.split(':')
  if (host !== undefined && host !== 'hf-inference') {
    throw unsupported(
      'model',
      `Embeddings of this model are not served by \`${host}\`, only by \`hf-inference\`.`,
    )
  }
  const model = name.split('/').map(encodeURIComponent).join('/')
  const root = rootUrl(credential).replace(/\/v1$/, '')
  return `${root}/hf-inference/models/${model}/pipeline/feature-extraction`
}
