import { createPrivateKey, generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { namesAt } from './claims.ts'
import { identityOf, type Issuer, type IssuerParts } from './issuer.ts'
import { createKeySet } from './key-set.ts'
import { MAX_TOKEN_CHARACTERS } from './token-size.ts'

/** `iss` and `aud` of the keys the gateway issues itself. */
export const gatewayIssuer = 'modelgate'

const ADMIN_ROLE = 'admin'
const RETRY_MS = 5_000
const TIMEOUT_MS = 5_000

/** Where the gateway's signing key is kept; bytes are sealed and opened by whoever implements it. */
export interface GatewayKeyStore {
  read(): Promise<Uint8Array | null>
  /** Stores the value unless there is one; answers the one that is there then. */
  create(value: Uint8Array): Promise<Uint8Array>
}

/** The signing key as the store holds it (RFC 8037): never logged, never shown. */
export interface GatewayKeyMaterial extends webcrypto.JsonWebKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  d: string
}

/** Reads the signing key, or makes it: of replicas that make one at the same time all take the first that was stored. */
export async function loadGatewayKey(store: GatewayKeyStore): Promise<GatewayKeyMaterial> {
  return readMaterial((await store.read()) ?? (await store.create(makeMaterial())))
}

export interface IssueOptions {
  subject: string
  teams: readonly string[]
  roles: readonly string[]
  /** Model names the key is limited to. */
  models?: readonly string[]
  expiresInSeconds: number
  /** `jti`, by which the key can be revoked. */
  tokenId: string
}

export interface GatewayKey {
  /** A signed JWT. Throws GatewayError: 503 while there is no signing key, `invalid_request` for one over 16 KiB. */
  issue(options: IssueOptions): Promise<string>
  /** Accepts what `issue` makes. Its claims are `teams`, `roles` and `models`; the role `admin` opens the control plane. */
  readonly issuer: Issuer
}

export interface GatewayKeyOptions {
  /** Called until it succeeds, and then no more; at most once in 5 s. */
  load: () => Promise<GatewayKeyMaterial>
  clock: Clock
  /** As for any other issuer. */
  onRefresh?: IssuerParts['onRefresh']
}

export function createGatewayKey({ load, clock, onRefresh = () => {} }: GatewayKeyOptions): GatewayKey {
  let signing: { key: KeyObject; kid: string; published: string } | null = null

  /** The set holds the one public key; it never changes, so that an unknown key id costs no visit to the store. */
  async function loadKeySet(): Promise<string> {
    if (signing !== null) return signing.published
    const { kty, crv, x, d } = await load()
    const kid = await calculateJwkThumbprint({ kty, crv, x })
    const published = JSON.stringify({ keys: [{ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }] })
    signing = { key: createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }), kid, published }
    return published
  }

  const keys = createKeySet({
    load: loadKeySet,
    clock,
    cooldownMs: RETRY_MS,
    maxAgeMs: Infinity,
    timeoutMs: TIMEOUT_MS,
    onRefresh: (result, detail) => onRefresh(gatewayIssuer, result, detail),
  })

  return {
    async issue({ subject, teams, roles, models, expiresInSeconds, tokenId }) {
      if (signing === null) await keys.find({ alg: 'EdDSA', kid: null })
      if (signing === null) throw new GatewayError('overloaded', 'The signing key is not loaded yet.')
      const issuedAt = Math.floor(clock.now() / 1_000)
      const token = await new SignJWT({ teams, roles, ...(models === undefined ? {} : { models }) })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: signing.kid })
        .setIssuer(gatewayIssuer)
        .setAudience(gatewayIssuer)
        .setSubject(subject)
        .setJti(tokenId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresInSeconds)
        .sign(signing.key)
      if (token.length <= MAX_TOKEN_CHARACTERS) return token
      throw new GatewayError(
        'invalid_request',
        'The key would be larger than 16 KiB: name fewer teams and models.',
      )
    },
    issuer: {
      name: gatewayIssuer,
      audiences: [gatewayIssuer],
      algorithms: ['EdDSA'],
      keys,
      principal(claims) {
        const roles = namesAt(claims, 'roles')
        return {
          ...identityOf(claims),
          issuer: gatewayIssuer,
          teams: namesAt(claims, 'teams'),
          roles,
          admin: roles.includes(ADMIN_ROLE),
          models: claims['models'] === undefined ? null : namesAt(claims, 'models'),
        }
      },
    },
  }
}

function makeMaterial(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ed25519')
  return Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' })))
}

/** Says nothing of what was read: a parser's message would quote the key. */
function readMaterial(bytes: Uint8Array): GatewayKeyMaterial {
  try {
    const { kty, crv, x, d } = JSON.parse(Buffer.from(bytes).toString()) as Partial<GatewayKeyMaterial>
    // Checks that the two halves belong together.
    createPrivateKey({ key: { kty, crv, x, d } as webcrypto.JsonWebKey, format: 'jwk' })
    if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x, d } as GatewayKeyMaterial
  } catch {
    // Falls to the error below.
  }
  throw new Error("the gateway's stored signing key is damaged")
}
