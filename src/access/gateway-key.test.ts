import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { createGatewayKey, loadGatewayKey, type GatewayKeyStore } from './gateway-key.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createSigningKey } from './testing/signing-key.ts'
import { createTokenVerifier } from './verify-token.ts'

const clock = createManualClock()

function memoryStore(): GatewayKeyStore & { held: () => Uint8Array | null } {
  let held: Uint8Array | null = null
  return {
    held: () => held,
    read: async () => held,
    create: async (value) => (held ??= value),
  }
}

function gatewayOf(store: GatewayKeyStore) {
  const gatewayKey = createGatewayKey({ load: () => loadGatewayKey(store), clock })
  return { gatewayKey, verifier: createTokenVerifier({ issuers: [], gatewayKey, clock }) }
}

const wanted = { subject: 'app', teams: ['research'], roles: [], expiresInSeconds: 60, tokenId: 'id-1' }

describe('a key that the gateway issued', () => {
  it('names its team, and the models it is limited to', async () => {
    const { gatewayKey, verifier } = gatewayOf(memoryStore())
    const token = await gatewayKey.issue({ ...wanted, models: ['gpt-4o', 'a model, with spaces'] })
    expect(await verifier.verify(token)).toEqual({
      subject: 'app',
      issuer: 'modelgate',
      teams: ['research'],
      roles: [],
      tokenId: 'id-1',
      admin: false,
      models: ['gpt-4o', 'a model, with spaces'],
    })
    expect((await verifier.verify(await gatewayKey.issue(wanted))).models).toBeNull()
    expect((await verifier.verify(await gatewayKey.issue({ ...wanted, models: [] }))).models).toEqual([])
  })

  it('opens the control plane by the role admin', async () => {
    const { gatewayKey, verifier } = gatewayOf(memoryStore())
    expect((await verifier.verify(await gatewayKey.issue({ ...wanted, roles: ['admin'] }))).admin).toBe(true)
    expect((await verifier.verify(await gatewayKey.issue({ ...wanted, roles: ['editor'] }))).admin).toBe(
      false,
    )
  })

  it('is a plain JWT with its id and its end', async () => {
    const { gatewayKey } = gatewayOf(memoryStore())
    const token = await gatewayKey.issue(wanted)
    const issuedAt = clock.now() / 1_000
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'JWT' })
    expect(decodeJwt(token)).toEqual({
      iss: 'modelgate',
      aud: 'modelgate',
      sub: 'app',
      jti: 'id-1',
      iat: issuedAt,
      exp: issuedAt + 60,
      teams: ['research'],
      roles: [],
    })
  })

  it('is good at every replica, also where they made the key at the same time', async () => {
    const store = memoryStore()
    const [one, other] = [gatewayOf(store), gatewayOf(store)]
    const tokens = await Promise.all([one.gatewayKey.issue(wanted), other.gatewayKey.issue(wanted)])
    for (const token of tokens) {
      expect((await one.verifier.verify(token)).subject).toBe('app')
      expect((await other.verifier.verify(token)).subject).toBe('app')
    }
  })

  it('is good after a restart', async () => {
    const store = memoryStore()
    const token = await gatewayOf(store).gatewayKey.issue(wanted)
    expect((await gatewayOf(store).verifier.verify(token)).subject).toBe('app')
  })

  it('can be revoked', async () => {
    const { gatewayKey, verifier } = gatewayOf(memoryStore())
    const token = await gatewayKey.issue(wanted)
    await verifier.verify(token)
    verifier.revoke('id-1', clock.now() / 1_000 + 60)
    await expect(verifier.verify(token)).rejects.toMatchObject({ failure: 'revoked' })
  })

  it('is never larger than what is accepted', async () => {
    const { gatewayKey } = gatewayOf(memoryStore())
    const models = Array.from({ length: 200 }, (_, index) => `${index}-${'x'.repeat(100)}`)
    await expect(gatewayKey.issue({ ...wanted, models })).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('the signing key', () => {
  it('cannot be guessed by who signs in its name', async () => {
    const { gatewayKey, verifier } = gatewayOf(memoryStore())
    const good = await gatewayKey.issue(wanted)
    const thief = await createSigningKey(String(decodeProtectedHeader(good).kid), 'EdDSA')
    const token = await thief.sign({ ...decodeJwt(good), roles: ['admin'] })
    await expect(verifier.verify(token)).rejects.toMatchObject({ failure: 'signature' })
  })

  it('is read from the store once, whatever keys are asked for', async () => {
    const store = memoryStore()
    let reads = 0
    const load = () => {
      reads += 1
      return loadGatewayKey(store)
    }
    const gatewayKey = createGatewayKey({ load, clock })
    const verifier = createTokenVerifier({ issuers: [], gatewayKey, clock })
    await Promise.all([gatewayKey.issue(wanted), gatewayKey.issue(wanted)])
    const thief = await createSigningKey('made-up', 'EdDSA')
    for (let asking = 0; asking < 3; asking += 1) {
      const token = await thief.sign({ iss: 'modelgate', aud: 'modelgate', exp: clock.now(), n: asking })
      await expect(verifier.verify(token)).rejects.toMatchObject({ failure: 'unknown_key' })
      clock.advance(60_000)
    }
    expect(reads).toBe(1)
  })

  it('is asked for again, after a pause, where the store was down', async () => {
    const store = memoryStore()
    let reads = 0
    const load = () => {
      reads += 1
      return reads === 1 ? Promise.reject(new Error('down')) : loadGatewayKey(store)
    }
    const told: unknown[] = []
    const gatewayKey = createGatewayKey({ load, clock, onRefresh: (...event) => told.push(event) })
    await expect(gatewayKey.issue(wanted)).rejects.toMatchObject({ status: 503 })
    await expect(gatewayKey.issue(wanted)).rejects.toMatchObject({ status: 503 })
    expect(reads).toBe(1)
    clock.advance(5_000)
    expect(await gatewayKey.issue(wanted)).toMatch(/^ey/)
    expect(told).toEqual([
      ['modelgate', 'unreachable', 'down'],
      ['modelgate', 'success', null],
    ])
  })

  it('that is damaged is a fault which quotes nothing of it', async () => {
    const store = memoryStore()
    await loadGatewayKey(store)
    const good = JSON.parse(Buffer.from(store.held() ?? []).toString()) as Record<string, unknown>
    const other = JSON.parse(JSON.stringify(good)) as Record<string, unknown>
    other['x'] = Buffer.alloc(32, 7).toString('base64url')
    const { privateKey } = generateKeyPairSync('x25519')
    const wrongType = privateKey.export({ format: 'jwk' })
    for (const damaged of [
      '{"d":"secret',
      '{}',
      JSON.stringify({ ...good, d: undefined }),
      JSON.stringify(other),
      JSON.stringify(wrongType),
    ]) {
      const read = async () => Buffer.from(damaged)
      await expect(loadGatewayKey({ ...store, read })).rejects.toThrow(
        new Error("the gateway's stored signing key is damaged"),
      )
    }
  })
})
