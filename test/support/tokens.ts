import { writeFile } from 'node:fs/promises'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export const issuerName = 'https://issuer.test'
export const audience = 'modelgate'

export interface TestIssuer {
  readonly issuer: string
  readonly keys: JWK[]
  readonly privateKey: CryptoKey
  /** A token with these claims over good defaults; a claim set to undefined is left out. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  writeJwks(path: string): Promise<void>
}

/** An identity provider for tests: a fresh ES256 key and what is needed to trust it. */
export async function createIssuer({ issuer = issuerName, kid = 'key-1' } = {}): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }]
  return {
    issuer,
    keys,
    privateKey,
    token: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1000)
      const defaults = {
        iss: issuer,
        aud: audience,
        sub: 'user-1',
        teams: ['research'],
        iat: now,
        exp: now + 600,
      }
      const all = Object.fromEntries(
        Object.entries({ ...defaults, ...claims }).filter(([, value]) => value !== undefined),
      )
      return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(privateKey)
    },
    writeJwks: (path) => writeFile(path, JSON.stringify({ keys })),
  }
}
