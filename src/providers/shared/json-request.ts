import type { Connection, Credential } from '../../core/entities.ts'
import type { HeaderMap, UpstreamRequest } from '../../core/provider.ts'

export interface JsonRequest {
  readonly url: string
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: HeaderMap
  readonly connection: Connection
}

/** A POST of JSON, with the connection's own `overrides` laid over body and headers, last. */
export function jsonRequest({ url, body, headers = {}, connection }: JsonRequest): UpstreamRequest {
  const { set = {}, drop = [], headers: own = {} } = connection.overrides
  const kept = Object.entries({ ...body, ...set }).filter(
    ([name]) => Object.hasOwn(set, name) || !drop.includes(name),
  )
  const ownHeaders = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const merged = { ...headers, 'content-type': 'application/json', ...ownHeaders }
  return {
    method: 'POST',
    url,
    headers: Object.fromEntries(
      Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    body: JSON.stringify(Object.fromEntries(kept)),
  }
}

/** A GET of JSON. */
export function getRequest(url: string, headers: Readonly<Record<string, string>> = {}): UpstreamRequest {
  return { method: 'GET', url, headers, body: null }
}

/** The client's headers of these names, where it sent them. */
export function pickHeaders(headers: HeaderMap, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  )
}

/** The credential's `base_url`, else the provider's own; without a trailing slash, and without a version path. */
export function baseUrl(credential: Credential, fallback: string): string {
  const url = credential.settings['base_url'] || fallback
  return url.replace(/\/+$/, '').replace(/\/v\d(?:beta\d?)?$/, '')
}
