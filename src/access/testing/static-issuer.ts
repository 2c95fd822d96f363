import { createIssuer, type Issuer, type IssuerOptions } from '../issuer.ts'
import type { Algorithm } from '../json-web-keys.ts'
import type { ManualClock } from './manual-clock.ts'
import { createMemoryFiles, type MemoryFiles } from './memory-files.ts'
import { createSigningKey, keySetText, type SigningKey } from './signing-key.ts'

/** An issuer whose keys are in a file, and the key it signs with. */
export interface StaticIssuer {
  readonly issuer: Issuer
  readonly key: SigningKey
  readonly files: MemoryFiles
  /** Good claims, with these instead or beside; `undefined` takes one out. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>
  /** A token with such claims. */
  token(changes?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

export interface StaticIssuerOptions {
  clock: ManualClock
  options?: Partial<IssuerOptions>
  alg?: Algorithm
}

export const JWKS_FILE = '/keys.json'

export async function createStaticIssuer({
  clock,
  options = {},
  alg = 'ES256',
}: StaticIssuerOptions): Promise<StaticIssuer> {
  const name = options.issuer ?? 'https://issuer.example'
  const key = await createSigningKey('key-1', alg)
  const files = createMemoryFiles({ [JWKS_FILE]: keySetText([key]) })
  const issuer = createIssuer(
    { issuer: name, audience: 'gateway', jwksFile: JWKS_FILE, ...options },
    { clock, readFile: files.readFile, fetchText: () => Promise.reject(new Error('no network here')) },
  )
  const claims: StaticIssuer['claims'] = (changes = {}) => {
    const now = Math.floor(clock.now() / 1_000)
    return { iss: name, aud: 'gateway', sub: 'ada', exp: now + 3_600, teams: ['research'], ...changes }
  }
  return {
    issuer,
    key,
    files,
    claims,
    // What is undefined is not in the JSON that is signed.
    token: (changes, header) => key.sign(claims(changes), header),
  }
}
