import { wwwAuthenticate } from '../access/www-authenticate.ts'
import { GatewayError } from '../core/errors.ts'
import { BatchTooLarge, EntityTooLarge } from '../registry/edit.ts'
import { RegistryUnavailable } from '../registry/unavailable.ts'
import { VaultError } from '../registry/vault.ts'
import type { Answer } from './endpoint.ts'
import { AdminRefusal, refusalBody, refusalCodes, type RefusalCode } from './refusal.ts'

/** Answers of the control plane are of the moment, and for the one who asked. */
const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

export function respond({ status, body, headers = {} }: Answer, requestId: string): Response {
  const text = body === undefined ? null : JSON.stringify(body)
  return new Response(text, {
    status,
    headers: {
      ...always,
      'x-request-id': requestId,
      ...(text === null ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  })
}

export function refuse(refusal: AdminRefusal, requestId: string): Response {
  const { status, headers } = refusal
  return respond({ status, headers, body: refusalBody(refusal) }, requestId)
}

/** What a failure is answered as; null where it is a fault within the gateway. */
export function refusalFor(error: unknown): AdminRefusal | null {
  if (error instanceof AdminRefusal) return error
  if (error instanceof RegistryUnavailable) {
    return new AdminRefusal('store_unavailable', error.message, { headers: { 'retry-after': '5' } })
  }
  if (error instanceof EntityTooLarge || error instanceof BatchTooLarge)
    return new AdminRefusal('request_too_large', error.message)
  if (error instanceof VaultError) return new AdminRefusal('conflict', error.message)
  if (!(error instanceof GatewayError) || !isRefusalCode(error.code)) return null
  const headers: Record<string, string> =
    error.status === 401 ? { 'www-authenticate': wwwAuthenticate(error) } : {}
  return new AdminRefusal(error.code, error.message, { headers })
}

function isRefusalCode(code: string): code is RefusalCode {
  return (refusalCodes as readonly string[]).includes(code)
}
