import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'
import type { Algorithm } from '../json-web-keys.ts'

/** A key pair of an issuer's, for tests. */
export interface SigningKey {
  readonly kid: string
  readonly publicJwk: JWK
  /** A JWT with these claims as they are, and this header beside `alg` and `kid`. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>
}

export async function createSigningKey(kid: string, alg: Algorithm = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  }
}

export function keySetText(keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) })
}
