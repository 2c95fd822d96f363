import { BlockList, isIP } from 'node:net'
import type { Clock } from '../core/clock.ts'
import type { Principal } from '../core/entities.ts'
import type { AdminToken } from './admin-token.ts'
import { Refusal, type AuthFailure } from './refusals.ts'
import type { TokenVerifier } from './verify-token.ts'
import { createWatchedFile, type ReadFile } from './watched-file.ts'

/** What a request shows of its caller. */
export interface Presented {
  /** The header `authorization`. */
  readonly authorization: string | undefined
  /** The header `api-key`, which the AzureOpenAI class of OpenAI's SDK sends. */
  readonly apiKey: string | undefined
  /** Address of the peer. */
  readonly remoteAddress: string
  /** The socket it came on: a token that it has shown before is known again at less cost. */
  readonly socket?: object
  /** Only the control plane accepts the admin token. */
  readonly allowAdminToken?: boolean
}

/** The verified caller, at once where its token is known. Throws or rejects with Refusal. */
export type Authenticator = (presented: Presented) => Principal | Promise<Principal>

export interface AuthenticatorOptions {
  verifier: Pick<TokenVerifier, 'verify'>
  adminToken: AdminToken | null
  /** For sidecars: whose token callers on loopback act with that present none (design §6). */
  localIdentity: { readonly tokenFile: string } | null
  readFile: ReadFile
  clock: Clock
  /** For `modelgate_auth_failures_total{reason}`: the refusals made here; the verifier counts its own. */
  onFailure?: (reason: AuthFailure) => void
}

/** Three parts in base64url, the first of which is an object: `{` is written `e`. */
const TOKEN_SHAPE = /^e[\w-]*\.[\w-]+\.[\w-]*$/
/** RFC 9110 §11.1: the scheme is written in any case. */
const BEARER = /^bearer +(\S.*)$/i

export function createAuthenticator({
  verifier,
  adminToken,
  localIdentity,
  readFile,
  clock,
  onFailure = () => {},
}: AuthenticatorOptions): Authenticator {
  const localToken =
    localIdentity === null ? null : createWatchedFile({ path: localIdentity.tokenFile, readFile, clock })
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')

  function isLoopback(address: string): boolean {
    const version = isIP(address)
    // Addresses of IPv4 written as IPv6 are compared as what they are.
    return version !== 0 && loopback.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  const last = new WeakMap<object, { readonly header: string; readonly token: string | undefined }>()

  /** A keep-alive client shows the same header again and again: it is read once. */
  function tokenIn(header: string | undefined, socket: object | undefined): string | undefined {
    if (header === undefined) return undefined
    const known = socket && last.get(socket)
    if (known?.header === header) return known.token
    const token = BEARER.exec(header)?.[1]?.trimEnd()
    if (socket !== undefined) last.set(socket, { header, token })
    return token
  }

  function refuse(): never {
    onFailure('missing')
    throw new Refusal('missing')
  }

  async function asLocal(reading: Promise<string>): Promise<Principal> {
    let token: string
    try {
      token = await reading
    } catch {
      const message = "No API key was given, and the gateway cannot read its local identity's token."
      onFailure('missing')
      throw new Refusal('missing', { message })
    }
    return verifier.verify(token)
  }

  return ({ authorization, apiKey, remoteAddress, socket, allowAdminToken = false }) => {
    const presented = tokenIn(authorization, socket) ?? apiKey?.trim() ?? ''
    if (allowAdminToken && adminToken?.matches(presented) === true) return adminToken.principal
    if (localToken !== null && !TOKEN_SHAPE.test(presented) && isLoopback(remoteAddress)) {
      const token = localToken()
      return typeof token === 'string' ? verifier.verify(token) : asLocal(token)
    }
    return presented === '' ? refuse() : verifier.verify(presented, socket)
  }
}
