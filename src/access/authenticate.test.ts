import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import { createAdminToken } from './admin-token.ts'
import { createAuthenticator, type AuthenticatorOptions, type Presented } from './authenticate.ts'
import type { AuthFailure } from './refusals.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createMemoryFiles, type MemoryFiles } from './testing/memory-files.ts'
import { createStaticIssuer, type StaticIssuer } from './testing/static-issuer.ts'
import { createTokenVerifier } from './verify-token.ts'

const clock = createManualClock()
const admin = 'correct-horse-battery'
let home: StaticIssuer
let files: MemoryFiles
let failures: AuthFailure[]

beforeAll(async () => {
  home = await createStaticIssuer({ clock })
})

beforeEach(() => {
  files = createMemoryFiles()
  failures = []
})

function authenticatorOf(options: Partial<AuthenticatorOptions> = {}) {
  const onFailure = (reason: AuthFailure) => failures.push(reason)
  const authenticate = createAuthenticator({
    verifier: createTokenVerifier({ issuers: [home.issuer], gatewayKey: null, clock, onFailure }),
    adminToken: createAdminToken(new Secret(admin)),
    localIdentity: null,
    readFile: files.readFile,
    clock,
    onFailure,
    ...options,
  })
  return async (presented: Partial<Presented>) =>
    authenticate({ authorization: undefined, apiKey: undefined, remoteAddress: '192.0.2.1', ...presented })
}

describe('a caller', () => {
  it('shows its token as a bearer, in any case, or as an api-key', async () => {
    const authenticate = authenticatorOf()
    const token = await home.token()
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token} `]) {
      expect((await authenticate({ authorization })).subject).toBe('ada')
    }
    expect((await authenticate({ apiKey: token })).subject).toBe('ada')
    expect((await authenticate({ apiKey: token, authorization: 'Basic YTpi' })).subject).toBe('ada')
  })

  it('is known by what it shows now, whatever its socket has shown before', async () => {
    const authenticate = authenticatorOf()
    const socket = {}
    const [ada, eve] = [await home.token(), await home.token({ sub: 'eve' })]
    const subjectOf = async (presented: Partial<Presented>) =>
      (await authenticate({ ...presented, socket })).subject
    for (let round = 0; round < 2; round++) {
      expect(await subjectOf({ authorization: `Bearer ${ada}` })).toBe('ada')
      expect(await subjectOf({ authorization: `Bearer ${ada}` })).toBe('ada')
      expect(await subjectOf({ authorization: 'Basic YTpi', apiKey: eve })).toBe('eve')
      expect(await subjectOf({ authorization: 'Basic YTpi', apiKey: ada })).toBe('ada')
      await expect(authenticate({ authorization: 'Basic YTpi', socket })).rejects.toMatchObject({
        status: 401,
      })
      await expect(authenticate({ socket })).rejects.toMatchObject({ status: 401 })
      expect(await subjectOf({ authorization: `Bearer ${eve}` })).toBe('eve')
    }
  })

  it('who shows nothing is asked for it', async () => {
    const authenticate = authenticatorOf()
    for (const authorization of [undefined, '', 'Bearer', 'Bearer  ', 'Basic YTpi']) {
      await expect(authenticate({ authorization, apiKey: ' ' })).rejects.toMatchObject({
        code: 'missing_api_key',
        status: 401,
      })
    }
    expect(failures).toEqual(Array.from({ length: 5 }, () => 'missing'))
  })

  it('who shows something else is refused, and counted once', async () => {
    const authenticate = authenticatorOf()
    await expect(authenticate({ authorization: 'Bearer sk-123' })).rejects.toMatchObject({
      code: 'invalid_api_key',
    })
    expect(failures).toEqual(['malformed'])
  })

  it('is answered without a promise where its token is known', async () => {
    const verifier = createTokenVerifier({ issuers: [home.issuer], gatewayKey: null, clock })
    const authenticate = createAuthenticator({
      verifier,
      adminToken: null,
      localIdentity: null,
      readFile: files.readFile,
      clock,
    })
    const token = await home.token()
    const presented = { authorization: `Bearer ${token}`, apiKey: undefined, remoteAddress: '192.0.2.1' }
    const principal = await authenticate(presented)
    expect(authenticate(presented)).toBe(principal)
  })
})

describe('the admin token', () => {
  it('is accepted by the control plane alone', async () => {
    const authenticate = authenticatorOf()
    const authorization = `Bearer ${admin}`
    expect(await authenticate({ authorization, allowAdminToken: true })).toMatchObject({
      subject: 'admin-token',
      admin: true,
    })
    await expect(authenticate({ authorization })).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  it('is nothing where none is set', async () => {
    const authenticate = authenticatorOf({ adminToken: null })
    for (const authorization of [`Bearer ${admin}`, 'Bearer null', undefined]) {
      await expect(authenticate({ authorization, allowAdminToken: true })).rejects.toMatchObject({
        status: 401,
      })
    }
  })
})

describe('the local identity', () => {
  const localIdentity = { tokenFile: '/token' }
  const remoteAddress = '127.0.0.1'

  it('is whom callers on loopback act as that show no JWT', async () => {
    files.write('/token', `${await home.token({ sub: 'sidecar' })}\n`)
    const authenticate = authenticatorOf({ localIdentity })
    for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1']) {
      for (const authorization of [undefined, 'Bearer none', 'Bearer sk-a.b.c', 'Basic YTpi']) {
        expect((await authenticate({ remoteAddress: address, authorization })).subject).toBe('sidecar')
      }
    }
  })

  it('is not for callers from elsewhere', async () => {
    files.write('/token', await home.token({ sub: 'sidecar' }))
    const authenticate = authenticatorOf({ localIdentity })
    for (const address of [
      '10.0.0.1',
      '128.0.0.1',
      '::2',
      '::ffff:10.0.0.1',
      '127.0.0.1.evil',
      '127.1',
      '',
    ]) {
      await expect(authenticate({ remoteAddress: address })).rejects.toMatchObject({
        code: 'missing_api_key',
      })
    }
  })

  it('does not stand in for a JWT that is shown, good or bad', async () => {
    files.write('/token', await home.token({ sub: 'sidecar' }))
    const authenticate = authenticatorOf({ localIdentity })
    const authorization = `Bearer ${await home.token()}`
    expect((await authenticate({ remoteAddress, authorization })).subject).toBe('ada')
    await expect(authenticate({ remoteAddress, authorization: `${authorization}x` })).rejects.toMatchObject({
      code: 'invalid_api_key',
    })
    const unsigned = `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
    await expect(authenticate({ remoteAddress, authorization: unsigned })).rejects.toMatchObject({
      status: 401,
    })
  })

  it('is verified like any other, and read again when it changes', async () => {
    const exp = Math.floor(clock.now() / 1_000) + 10
    files.write('/token', await home.token({ sub: 'sidecar', exp }))
    const authenticate = authenticatorOf({ localIdentity })
    expect((await authenticate({ remoteAddress })).subject).toBe('sidecar')
    clock.advance(40_000)
    await expect(authenticate({ remoteAddress })).rejects.toMatchObject({ code: 'token_expired' })
    files.write('/token', await home.token({ sub: 'renewed' }))
    clock.advance(1_000)
    expect((await authenticate({ remoteAddress })).subject).toBe('renewed')
  })

  it('has its file looked at once a second at most', async () => {
    files.write('/token', await home.token())
    const authenticate = authenticatorOf({ localIdentity })
    await Promise.all([authenticate({ remoteAddress }), authenticate({ remoteAddress })])
    clock.advance(999)
    await authenticate({ remoteAddress })
    expect(files.looks()).toBe(1)
    clock.advance(1)
    await authenticate({ remoteAddress })
    expect(files.looks()).toBe(2)
  })

  it('that cannot be read is a 401 that says so', async () => {
    const authenticate = authenticatorOf({ localIdentity })
    await expect(authenticate({ remoteAddress })).rejects.toMatchObject({
      code: 'missing_api_key',
      message: "No API key was given, and the gateway cannot read its local identity's token.",
    })
    expect(failures).toEqual(['missing'])
  })

  it('gives way to the admin token at the control plane', async () => {
    files.write('/token', await home.token({ sub: 'sidecar' }))
    const authenticate = authenticatorOf({ localIdentity })
    const presented = { remoteAddress, authorization: `Bearer ${admin}` }
    expect((await authenticate({ ...presented, allowAdminToken: true })).subject).toBe('admin-token')
    expect((await authenticate(presented)).subject).toBe('sidecar')
  })
})
