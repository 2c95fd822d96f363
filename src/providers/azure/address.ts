import type { Credential } from '../../core/entities.ts'

/** Where an Azure resource takes requests. */
export interface AzureAddress {
  /** The version's own part of the query; null: the version-less `v1` paths. */
  readonly apiVersion: string | null
  /** Without a trailing slash: the resource, or its `v1` root. */
  readonly base: string
  /** What else stood in the address's query, with its `?`. */
  readonly query: string
}

const dated = /^\d{4}-\d{2}-\d{2}/
/** What people copy along from the portal behind the part that counts. */
const pastedPath = /\/openai(?:\/deployments(?:\/.*)?|\/responses|\/models)?$/
const pastedOperation = /\/(?:chat\/completions|completions|embeddings|responses|models)$/
const v1Root = /\/(?:openai\/)?v1$/
const foundryProject = /\/api\/projects\/[^/]+$/

/**
 * The address of a credential (providers' facts §5.1): `base_url`, else `azure_endpoint`. A path that is `v1` already,
 * and a Foundry project, has no `api-version`, whatever the credential says; one in the address itself is left out.
 */
export function azureAddress({ settings }: Credential): AzureAddress {
  const { azure_endpoint: endpoint, base_url: own, api_version: version = 'v1' } = settings
  const address = own ?? endpoint
  if (address === undefined) throw new Error('a credential of azure_openai must name its azure_endpoint')
  const [path = '', ...queries] = address.split('?')
  const query = queryWithoutVersion(queries.join('?'))
  const trimmed = path.replace(/\/+$/, '')
  const root = trimmed.replace(pastedOperation, '')
  if (v1Root.test(root)) return { apiVersion: null, base: root, query }
  const resource = trimmed.replace(/(\/openai\/deployments\/[^/]+)\/.*$/, '$1').replace(pastedPath, '')
  const isVersioned = dated.test(version) && !foundryProject.test(resource)
  return isVersioned
    ? { apiVersion: version, base: resource, query }
    : { apiVersion: null, base: `${resource}/openai/v1`, query }
}

/** The URL of an operation (`/chat/completions`) of a deployment, or of the resource (`/models`) where it is null. */
export function azureUrl(credential: Credential, deployment: string | null, path: string): string {
  const { apiVersion, base, query } = azureAddress(credential)
  if (apiVersion === null) return `${base}${path}${query}`
  const place = deployment === null ? '/openai' : `/openai/deployments/${encodeURIComponent(deployment)}`
  const version = `api-version=${encodeURIComponent(apiVersion)}`
  return `${base}${place}${path}${query === '' ? '?' : `${query}&`}${version}`
}

function queryWithoutVersion(query: string): string {
  const kept = query.split('&').filter((pair) => pair !== '' && !/^api-version(?:=|$)/i.test(pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
