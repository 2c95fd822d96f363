import fc from 'fast-check'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import type { Issuer } from './issuer.ts'
import { algorithms } from './json-web-keys.ts'
import type { AuthFailure } from './refusals.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createSigningKey, keySetText } from './testing/signing-key.ts'
import { createStaticIssuer, JWKS_FILE, type StaticIssuer } from './testing/static-issuer.ts'
import { createTokenVerifier } from './verify-token.ts'

const clock = createManualClock()
let home: StaticIssuer

beforeAll(async () => {
  home = await createStaticIssuer({ clock })
})

function verifierOf(...issuers: Issuer[]) {
  const failures: AuthFailure[] = []
  const verifier = createTokenVerifier({
    issuers,
    gatewayKey: null,
    clock,
    onFailure: (reason) => failures.push(reason),
  })
  return { verifier, failures }
}

/** What a token is refused with: its code, and the word it is counted under. */
async function refusalOf(token: string, ...issuers: Issuer[]) {
  const { verifier, failures } = verifierOf(...(issuers.length > 0 ? issuers : [home.issuer]))
  const error: unknown = await (async () => verifier.verify(token))().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GatewayError)
  expect((error as Error).cause).toBeUndefined()
  expect(failures).toHaveLength(1)
  return { code: (error as GatewayError).code, failure: failures[0], message: (error as Error).message }
}

function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

describe('a good token', () => {
  it('names its caller', async () => {
    const token = await home.token({ roles: 'reader, writer', jti: 'id-1' })
    expect(await verifierOf(home.issuer).verifier.verify(token)).toEqual({
      subject: 'ada',
      issuer: 'https://issuer.example',
      teams: ['research'],
      roles: ['reader', 'writer'],
      tokenId: 'id-1',
      admin: false,
      models: null,
    })
  })

  it.each(algorithms)('may be signed with %s', async (alg) => {
    const issuer = await createStaticIssuer({ clock, alg })
    const principal = await verifierOf(issuer.issuer).verifier.verify(await issuer.token())
    expect(principal.subject).toBe('ada')
  })

  it('may name one of several audiences, for an issuer that has several', async () => {
    const issuer = await createStaticIssuer({ clock, options: { audience: ['one', 'two'] } })
    const token = await issuer.token({ aud: ['zero', 'two'] })
    expect((await verifierOf(issuer.issuer).verifier.verify(token)).subject).toBe('ada')
  })

  it('may name no key where one of the published ones fits', async () => {
    const other = await createSigningKey('key-2')
    home.files.write(JWKS_FILE, keySetText([other, home.key]))
    clock.advance(2_000)
    const token = await home.token({}, { kid: undefined })
    expect((await verifierOf(home.issuer).verifier.verify(token)).subject).toBe('ada')
  })

  it('is good for 30 seconds after its expiry and before its time, since clocks differ', async () => {
    const now = Math.floor(clock.now() / 1_000)
    const { verifier } = verifierOf(home.issuer)
    expect((await verifier.verify(await home.token({ exp: now - 29 }))).subject).toBe('ada')
    expect((await verifier.verify(await home.token({ nbf: now + 29 }))).subject).toBe('ada')
  })

  it('opens the control plane only by a role that its issuer names', async () => {
    const issuer = await createStaticIssuer({ clock, options: { adminRoles: ['platform'] } })
    const { verifier } = verifierOf(issuer.issuer)
    expect((await verifier.verify(await issuer.token({ roles: ['platform'] }))).admin).toBe(true)
    expect((await verifier.verify(await issuer.token({ roles: ['admin'] }))).admin).toBe(false)
  })
})

describe('a bad token is refused:', () => {
  it('changed after it was signed', async () => {
    const [header, , signature] = (await home.token()).split('.')
    const forged = `${header}.${base64url(home.claims({ teams: ['board'] }))}.${signature}`
    expect(await refusalOf(forged)).toMatchObject({ code: 'invalid_api_key', failure: 'signature' })
  })

  it('signed with another key of the same name', async () => {
    const thief = await createSigningKey('key-1')
    const refusal = await refusalOf(await thief.sign(home.claims()))
    expect(refusal).toMatchObject({ code: 'invalid_api_key', failure: 'signature' })
  })

  it('signed with a key it brings itself', async () => {
    const thief = await createSigningKey('key-1')
    const token = await thief.sign(home.claims(), { jwk: thief.publicJwk, jku: 'https://thief.example/keys' })
    expect(await refusalOf(token)).toMatchObject({ failure: 'signature' })
  })

  it('not signed at all', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const token = `${base64url({ alg, kid: 'key-1' })}.${base64url(home.claims())}.`
      expect(await refusalOf(token)).toMatchObject({ code: 'invalid_api_key', failure: 'algorithm' })
    }
  })

  it('signed with HS256 and the public key as its secret', async () => {
    const issuer = await createStaticIssuer({ clock, alg: 'RS256' })
    const published = await importJWK(issuer.key.publicJwk, 'RS256')
    const secret = Buffer.from(await exportSPKI(published as CryptoKey))
    const token = await new SignJWT(issuer.claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(secret)
    expect(await refusalOf(token, issuer.issuer)).toMatchObject({ failure: 'algorithm' })
  })

  it('signed with an algorithm that its issuer does not list', async () => {
    const issuer = await createStaticIssuer({ clock, options: { algorithms: ['RS256'] } })
    expect(await refusalOf(await issuer.token(), issuer.issuer)).toMatchObject({ failure: 'algorithm' })
  })

  it('signed with an algorithm other than the one its key is for', async () => {
    const issuer = await createStaticIssuer({ clock, alg: 'RS256' })
    const token = `${base64url({ alg: 'PS256', kid: 'key-1' })}.${base64url(issuer.claims())}.${base64url('x')}`
    expect(await refusalOf(token, issuer.issuer)).toMatchObject({ failure: 'unknown_key' })
  })

  it('of an issuer that is not trusted, or of none', async () => {
    expect(await refusalOf(await home.token({ iss: 'https://other.example' }))).toMatchObject({
      code: 'invalid_api_key',
      failure: 'unknown_issuer',
    })
    expect(await refusalOf(await home.token({ iss: undefined }))).toMatchObject({ failure: 'malformed' })
  })

  it('for another audience, or for none', async () => {
    for (const aud of ['elsewhere', ['elsewhere'], undefined, 7, 'gateway2']) {
      const refusal = await refusalOf(await home.token({ aud }))
      expect(refusal).toMatchObject({ code: 'invalid_api_key', failure: 'audience' })
    }
  })

  it('without an expiry, or with one that is no number', async () => {
    expect(await refusalOf(await home.token({ exp: undefined }))).toEqual({
      code: 'invalid_api_key',
      failure: 'malformed',
      message: "The token's claim `exp` is missing.",
    })
    expect(await refusalOf(await home.token({ exp: 'tomorrow' }))).toMatchObject({ failure: 'malformed' })
  })

  it('expired', async () => {
    const exp = Math.floor(clock.now() / 1_000) - 30
    expect(await refusalOf(await home.token({ exp }))).toMatchObject({
      code: 'token_expired',
      failure: 'expired',
    })
  })

  it('not valid yet', async () => {
    const nbf = Math.floor(clock.now() / 1_000) + 31
    expect(await refusalOf(await home.token({ nbf }))).toMatchObject({ failure: 'not_yet_valid' })
  })

  it('signed with a key that is not published', async () => {
    const token = await (await createSigningKey('key-9')).sign(home.claims())
    expect(await refusalOf(token)).toMatchObject({ code: 'invalid_api_key', failure: 'unknown_key' })
  })

  it('with a header that must be understood and is not', async () => {
    const header = base64url({ alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 })
    const [, claims, signature] = (await home.token()).split('.')
    expect(await refusalOf(`${header}.${claims}.${signature}`)).toMatchObject({ failure: 'malformed' })
  })

  it('empty', async () => {
    expect(await refusalOf('')).toMatchObject({ code: 'missing_api_key', failure: 'missing' })
  })

  it('larger than 16 KiB, good or not', async () => {
    const token = await home.token({ padding: 'x'.repeat(16 * 1024) })
    expect(await refusalOf(token)).toMatchObject({ code: 'invalid_api_key', failure: 'too_large' })
  })
})

describe('several issuers', () => {
  it('cannot sign for one another', async () => {
    const other = await createStaticIssuer({ clock, options: { issuer: 'https://other.example' } })
    const token = await other.key.sign(home.claims())
    expect(await refusalOf(token, home.issuer, other.issuer)).toMatchObject({ failure: 'signature' })
  })

  it('cannot assert teams beyond their prefix and their list', async () => {
    const options = { issuer: 'https://other.example', teamPrefix: 'other-', teams: ['shared'] }
    const other = await createStaticIssuer({ clock, options })
    const { verifier } = verifierOf(home.issuer, other.issuer)
    const teams = ['research', 'other-1', 'shared', 'shared-2', 'another-1']
    expect((await verifier.verify(await other.token({ teams }))).teams).toEqual(['other-1', 'shared'])
  })
})

describe('a token that was verified before', () => {
  it('is answered at once', async () => {
    const { verifier } = verifierOf(home.issuer)
    const token = await home.token()
    const first = verifier.verify(token)
    expect(first).toBeInstanceOf(Promise)
    expect(verifier.verify(token)).toBeInstanceOf(Promise)
    const principal = await first
    expect(verifier.verify(token)).toBe(principal)
  })

  it('is refused once revoked on the very socket that has shown it', async () => {
    const { verifier } = verifierOf(home.issuer)
    const token = await home.token({ jti: 'lent-out' })
    const socket = {}
    await verifier.verify(token, socket)
    expect(verifier.verify(token, socket)).not.toBeInstanceOf(Promise)
    verifier.revoke('lent-out', Math.floor(clock.now() / 1_000) + 600)
    await expect(verifier.verify(token, socket)).rejects.toMatchObject({ failure: 'revoked' })
  })

  it('is never taken from memory once it has expired', async () => {
    const { verifier, failures } = verifierOf(home.issuer)
    const token = await home.token({ exp: Math.floor(clock.now() / 1_000) + 10 })
    await verifier.verify(token)
    clock.advance(9_000)
    expect(verifier.verify(token)).not.toBeInstanceOf(Promise)
    clock.advance(1_000)
    const late = verifier.verify(token)
    expect(late).toBeInstanceOf(Promise)
    await late
    clock.advance(30_000)
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'token_expired' })
    expect(failures).toEqual(['expired'])
  })

  it('is refused once it is revoked, by its id', async () => {
    const { verifier, failures } = verifierOf(home.issuer)
    const exp = Math.floor(clock.now() / 1_000) + 600
    const token = await home.token({ jti: 'id-1', exp })
    await verifier.verify(token)
    verifier.revoke('id-1', exp)
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid_api_key' })
    expect(failures).toEqual(['revoked'])
    expect((await verifier.verify(await home.token({ jti: 'id-2' }))).tokenId).toBe('id-2')
  })

  it('is refused once its issuer has withdrawn the key', async () => {
    const issuer = await createStaticIssuer({ clock })
    const { verifier, failures } = verifierOf(issuer.issuer)
    const token = await issuer.token()
    await verifier.verify(token)
    const [key] = await issuer.issuer.keys.find({ alg: 'ES256', kid: 'key-1' })
    const successor = await createSigningKey('key-2')
    issuer.files.write(JWKS_FILE, keySetText([successor]))
    clock.advance(2_000)
    // Known tokens alone make the gateway look at the keys, after the answer.
    expect(verifier.verify(token)).not.toBeInstanceOf(Promise)
    await expect.poll(() => key?.retired, { interval: 1 }).toBe(true)
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid_api_key' })
    expect(failures).toEqual(['unknown_key'])
  })
})

describe('whatever is sent as a token', () => {
  const segment = fc.oneof(
    fc.json().map(base64url),
    fc.record({ alg: fc.anything(), kid: fc.anything(), crit: fc.anything() }).map(asSegment),
    fc
      .record({ iss: fc.constant('https://issuer.example'), exp: fc.anything(), aud: fc.anything() })
      .map(asSegment),
    fc.constantFrom(base64url({ alg: 'ES256', kid: 'key-1' }), ''),
    fc.string(),
  )
  const tokenLike = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 20_000 }),
    fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('.')),
  )

  it('is refused with an error of the table', async () => {
    const { verifier } = verifierOf(home.issuer)
    await fc.assert(
      fc.asyncProperty(tokenLike, async (token) => {
        const error: unknown = await (async () => verifier.verify(token))().catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(GatewayError)
        expect((error as GatewayError).status).toBe(401)
      }),
      { numRuns: 500, verbose: 1 },
    )
  })

  it('is refused where one character of a good token was changed', async () => {
    const { verifier } = verifierOf(home.issuer)
    const token = await home.token()
    // The last character holds bits that belong to no byte of the signature.
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 2),
        fc.string({ minLength: 1, maxLength: 1 }),
        async (at, character) => {
          fc.pre(token[at] !== character)
          const changed = token.slice(0, at) + character + token.slice(at + 1)
          const error: unknown = await (async () => verifier.verify(changed))().catch(
            (thrown: unknown) => thrown,
          )
          expect(error).toBeInstanceOf(GatewayError)
        },
      ),
      { numRuns: 300, verbose: 1 },
    )
  })
})

function asSegment(value: unknown): string {
  try {
    return base64url(JSON.stringify(value) ?? '')
  } catch {
    return ''
  }
}
