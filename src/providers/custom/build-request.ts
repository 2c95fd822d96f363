import type { Call, UpstreamRequest } from '../../core/provider.ts'
import { asObject } from '../shared/json.ts'
import { invalid } from '../shared/refusals.ts'
import { requestFault } from './expression-error.ts'
import type { ExpressionPool } from './expression-pool.ts'
import { type CustomTemplate, templateOf } from './template.ts'

const longestQuery = 8192
const accepts = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' }

/**
 * One request: the template's `request` of this input, as JSON, with the connection's `overrides` laid over it; with
 * GET, its members that are no lists or objects are the query. Rejects with GatewayError.
 */
export async function buildRequest(
  pool: ExpressionPool,
  call: Call,
  input: Readonly<Record<string, unknown>>,
): Promise<UpstreamRequest> {
  const template = templateOf(call.connection)
  const expressions = [{ name: 'request', source: template.request }]
  const values = await pool.run({ expressions, input: JSON.stringify(input) }).catch((error: unknown) => {
    throw requestFault(error)
  })
  const body = withOverrides(values['request'] ?? null, call)
  if (body === null) throw invalid('messages', 'The template of this model makes no body of this request.')
  const headers = headersOf(template, call)
  const { url, method = 'POST' } = template
  if (method === 'GET') return { method, url: withQuery(url, body), headers, body: null }
  return {
    method,
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}

function withOverrides(body: unknown, { connection }: Call): unknown {
  const { set = {}, drop = [] } = connection.overrides
  const object = asObject(body)
  if (object === null) return body
  const kept = Object.entries(object).filter(([name]) => !drop.includes(name))
  return { ...Object.fromEntries(kept), ...set }
}

function headersOf({ headers = {}, stream }: CustomTemplate, call: Call): Record<string, string> {
  const accept = call.stream && stream !== undefined ? accepts[stream.format] : 'application/json'
  const own = { ...headers, ...call.connection.overrides.headers }
  const lower = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value])
  return { accept, ...(Object.fromEntries(lower) as Record<string, string>) }
}

function withQuery(text: string, body: unknown): string {
  const url = new URL(text)
  for (const [name, value] of Object.entries(asObject(body) ?? {})) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      url.searchParams.set(name, String(value))
    }
  }
  if (url.search.length <= longestQuery) return url.href
  throw invalid('messages', `This model is asked by a query of ${longestQuery} characters at most.`)
}
