import { wholeBody } from '../../core/body.ts'
import type { Call, Provider } from '../../core/provider.ts'

export interface SentRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, unknown>
  readonly dropped: readonly string[]
}

/** The one request that a call becomes, its body parsed. */
export function sentRequest(provider: Provider, call: Call): SentRequest {
  const built = provider.operations[call.operation]?.buildRequests(call)
  if (built === undefined || built instanceof Promise) throw new Error('a request was expected')
  const [request] = built.requests
  if (request === undefined || built.requests.length !== 1) throw new Error('one request was expected')
  const body = JSON.parse(Buffer.from(wholeBody(request.body)).toString('utf8')) as Record<string, unknown>
  return { url: request.url, headers: request.headers, body, dropped: built.dropped }
}
