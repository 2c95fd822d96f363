import type { Credential } from '../../core/entities.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { SignerName, UpstreamRequest } from '../../core/provider.ts'
import { withoutSecrets } from '../../core/without-secrets.ts'
import { signCustomHeaders } from './custom-headers.ts'
import { signBearer, signNothing, signWithHeader } from './header-signers.ts'
import type { Signer } from './signer.ts'

export interface SignersOptions {
  /** Signers with state or exchanges of their own (`sigv4`, `entra`, …), by name; they go before those made here. */
  readonly signers?: Readonly<Partial<Record<SignerName, Signer>>>
}

export type Sign = (name: SignerName, ...call: Parameters<Signer>) => ReturnType<Signer>

export interface Signers {
  /** Signs a request as the provider's signer of that name does. */
  readonly sign: Sign
  /** The failure without the credential's secrets and the tokens last exchanged for them, should a provider echo any. */
  readonly withoutSecrets: (error: GatewayError, credential: Credential) => GatewayError
}

/** The one that is in use, and the one before it, with which requests may still be under way. */
const rememberedTokens = 2

export function createSigners({ signers = {} }: SignersOptions = {}): Signers {
  const all: Readonly<Partial<Record<SignerName, Signer>>> = {
    none: signNothing,
    bearer: signBearer,
    'x-api-key': signWithHeader('x-api-key'),
    'api-key': signWithHeader('api-key'),
    'x-goog-api-key': signWithHeader('x-goog-api-key'),
    'custom-headers': signCustomHeaders,
    ...signers,
  }
  const exchanged = new WeakMap<Credential, readonly string[]>()

  /** What is there at once comes from the credential itself; only what was waited for may have been exchanged. */
  async function remembered(signing: Promise<UpstreamRequest>, credential: Credential) {
    const signed = await signing
    const known = exchanged.get(credential) ?? []
    const token = tokenIn(signed)
    if (token !== null && !known.includes(token))
      exchanged.set(credential, [token, ...known].slice(0, rememberedTokens))
    return signed
  }

  return {
    sign(name, request, credential, signal) {
      const signer = all[name]
      if (signer === undefined) throw new Error(`no signer is named ${name}`)
      const signing = signer(request, credential, signal)
      return signing instanceof Promise ? remembered(signing, credential) : signing
    },
    withoutSecrets: (error, credential) => withoutSecrets(error, credential, exchanged.get(credential)),
  }
}

/** An exchanged token where it is sent: as OAuth 2.0's bearer, or as AWS's session token. */
function tokenIn({ headers }: UpstreamRequest): string | null {
  const bearer = /^Bearer (.*)$/.exec(headers['authorization'] ?? '')
  return bearer?.[1] ?? headers['x-amz-security-token'] ?? null
}
