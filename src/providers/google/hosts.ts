import type { Connection, Credential } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import { baseUrl } from '../shared/json-request.ts'

export const geminiUrl = 'https://generativelanguage.googleapis.com'

/** What is asked of a model, as its URL ends (providers' facts §8.1, §9.1). */
export type ModelMethod =
  | 'generateContent'
  | 'streamGenerateContent'
  | 'batchEmbedContents'
  | 'embedContent'
  | 'predict'
  | 'rawPredict'
  | 'streamRawPredict'

/** A service account is for Vertex AI, an API key for the Gemini API. */
export function usesVertex({ secrets }: Credential): boolean {
  return secrets['gcp_service_account'] !== undefined
}

/** Claude, which on Vertex AI speaks Anthropic's protocol (providers' facts §9.4). */
export function isClaude({ credential, modelName }: Connection): boolean {
  return usesVertex(credential) && /(?:^|\/)claude-[^/]*$/.test(modelName)
}

/**
 * The URL of a model's method; streams come as events (`alt=sse`). The model may be named bare, as `models/…`,
 * `publisher/model`, `publishers/…/models/…`, or as a tuned model's own resource.
 */
export function modelUrl(connection: Connection, method: ModelMethod): string {
  const { credential, modelName, region } = connection
  const query = method === 'streamGenerateContent' ? '?alt=sse' : ''
  if (!usesVertex(credential)) {
    return `${baseUrl(credential, geminiUrl)}/v1beta/${encodePath(geminiModel(modelName))}:${method}${query}`
  }
  const location = locationOf(credential, region)
  const place = `projects/${credential.settings['gcp_project'] ?? ''}/locations/${location}`
  const path = encodePath(vertexModel(modelName, place))
  return `${vertexBase(credential, location)}/v1/${path}:${method}${query}`
}

/** The model as the Gemini API names it in paths and in bodies. */
export function geminiModel(modelName: string): string {
  return modelName.includes('/') ? modelName : `models/${modelName}`
}

/** Where the models of a credential's place are listed. */
export function listBase(credential: Credential): string {
  if (!usesVertex(credential)) return baseUrl(credential, geminiUrl)
  return vertexBase(credential, locationOf(credential, null))
}

function vertexModel(modelName: string, place: string): string {
  if (modelName.startsWith('projects/')) return modelName
  if (/^(?:publishers|endpoints)\//.test(modelName)) return `${place}/${modelName}`
  const name = modelName.replace(/^models\//, '')
  const [publisher, model] = name.split('/')
  if (model !== undefined) return `${place}/publishers/${publisher}/models/${model}`
  return `${place}/publishers/${name.startsWith('claude-') ? 'anthropic' : 'google'}/models/${name}`
}

function locationOf({ settings }: Credential, region: string | null): string {
  const location = region ?? (settings['gcp_location'] || 'global')
  // It becomes a part of the host that the token is sent to.
  if (/^[a-z0-9-]{1,40}$/.test(location)) return location
  throw new GatewayError('upstream_error', `\`gcp_location\` is no location of Google Cloud.`, {
    reason: 'region',
    costly: false,
  })
}

function vertexBase(credential: Credential, location: string): string {
  return baseUrl(credential, `https://${vertexHost(location)}`)
}

function vertexHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  const isMultiRegion = location === 'us' || location === 'eu'
  return isMultiRegion ? `aiplatform.${location}.rep.googleapis.com` : `${location}-aiplatform.googleapis.com`
}

/** Google's own ids hold `@`, which a path may. */
function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%40', '@'))
    .join('/')
}
