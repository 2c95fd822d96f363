import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type Gateway, startGateway, type StartOptions } from '../support/gateway.ts'
import { audience, createIssuer, type TestIssuer } from '../support/tokens.ts'

const adminToken = 'a-static-admin-token-of-length'
const secret = 'sk-that-nobody-is-to-be-shown'

const echo = {
  name: 'echo',
  builtin: true,
  connections: [
    { name: 'default', model_name: 'echo', credentials: { creds_type: 'API_KEY', provider: 'echo' } },
  ],
}

let dir: string
let staff: TestIssuer
let partner: TestIssuer
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelgate-control-'))
  staff = await createIssuer({ issuer: 'https://staff.test', kid: 'staff' })
  partner = await createIssuer({ issuer: 'https://partner.test', kid: 'partner' })
  await staff.writeJwks(join(dir, 'staff.json'))
  await partner.writeJwks(join(dir, 'partner.json'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const gateways: Gateway[] = []
async function start(options: StartOptions): Promise<Gateway> {
  const { config = {}, env = { MODELGATE_ADMIN_TOKEN: adminToken } } = options
  const gateway = await startGateway({
    ...options,
    env,
    config: { health: { enabled: false }, models: [echo], ...config },
  })
  gateways.push(gateway)
  return gateway
}
const stopAll = async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly body: Record<string, unknown>
}

async function ask(url: string, token: string | null, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as Record<string, unknown>
  return {
    status: response.status,
    code: (answer['error'] as { code: string } | undefined)?.code,
    body: answer,
  }
}

const teams = ({ url }: Pick<Gateway, 'url'>) => `${url}/ai/api/v1/teams`
const models = ({ url }: Pick<Gateway, 'url'>) => `${url}/v1/models`

describe('the control plane', () => {
  let gateway: Gateway
  beforeEach(async () => {
    const issuer = (who: TestIssuer, file: string, more: object) => ({
      issuer: who.issuer,
      audience,
      jwks_file: join(dir, file),
      roles_claim: 'realm.roles',
      ...more,
    })
    const issuers = [
      issuer(staff, 'staff.json', { teams: ['research'], admin_roles: ['gateway-admin'] }),
      issuer(partner, 'partner.json', { team_prefix: 'partner-' }),
    ]
    gateway = await start({ config: { auth: { issuers } } })
  })
  afterEach(stopAll)

  it('opens to the roles that an issuer names for it, and to no other issuer’s', async () => {
    const withRoles = (issuer: TestIssuer, ...roles: string[]) => issuer.token({ realm: { roles } })
    const root = await withRoles(staff, 'reader', 'gateway-admin')
    expect(await ask(teams(gateway), root)).toMatchObject({ status: 200 })
    const shut = [
      await withRoles(staff, 'admin'),
      await withRoles(staff),
      await staff.token({ roles: ['gateway-admin'] }),
      await withRoles(partner, 'gateway-admin', 'admin'),
    ]
    for (const token of shut) {
      expect(await ask(teams(gateway), token)).toMatchObject({ status: 403, code: 'forbidden' })
      expect(await ask(teams(gateway), token, { name: 'x' })).toMatchObject({ status: 403 })
      expect((await ask(models(gateway), token)).status).toBe(200)
    }
    expect(await ask(teams(gateway), root, { name: 'made by staff' })).toMatchObject({
      status: 201,
      body: { created_by: 'user-1' },
    })
    const { body } = await ask(`${gateway.url}/ai/api/v1/audit`, root)
    const entries = body['items'] as { action: string; actor: object }[]
    expect(entries.filter(({ action }) => action === 'refused')).toHaveLength(2 * shut.length)
    expect(entries[0]).toMatchObject({
      action: 'team.create',
      actor: { subject: 'user-1', issuer: staff.issuer, kind: 'token' },
    })
    expect(entries[1]).toMatchObject({ action: 'refused', actor: { issuer: partner.issuer } })
  })

  it('opens to the static token, which is none for models, and to nobody without one', async () => {
    expect((await ask(teams(gateway), adminToken)).status).toBe(200)
    expect(await ask(models(gateway), adminToken)).toMatchObject({ status: 401, code: 'invalid_api_key' })
    for (const wrong of [`${adminToken}x`, adminToken.slice(0, -1), adminToken.toUpperCase()]) {
      expect(await ask(teams(gateway), wrong)).toMatchObject({ status: 401, code: 'invalid_api_key' })
    }
    expect(await ask(teams(gateway), null)).toMatchObject({ status: 401, code: 'missing_api_key' })
    const old = await staff.token({
      realm: { roles: ['gateway-admin'] },
      exp: Math.floor(Date.now() / 1000) - 60,
    })
    expect(await ask(teams(gateway), old)).toMatchObject({ status: 401, code: 'token_expired' })
    // Those whom nobody knows are counted, and not entered into the trail.
    const { body } = await ask(`${gateway.url}/ai/api/v1/audit`, adminToken)
    expect(body['items']).toEqual([])
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/^modelgate_auth_failures_total\{.*\} [1-9]/m)
  })

  it('does not open to an application’s own key', async () => {
    const { body } = await ask(`${gateway.url}/ai/api/v1/keys`, adminToken, {
      name: 'app',
      team: 'research',
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    })
    const key = String(body['key'])
    expect((await ask(models(gateway), key)).status).toBe(200)
    expect(await ask(teams(gateway), key)).toMatchObject({ status: 403, code: 'forbidden' })
  })
})

describe('where it is', () => {
  afterEach(stopAll)
  const onlyStatic = (config: Record<string, unknown>) =>
    start({ config, env: { MODELGATE_ADMIN_TOKEN: adminToken } })

  it('on a port of its own is nowhere else, and nothing else is there', async () => {
    const port = await freePort()
    const gateway = await onlyStatic({ admin: { port } })
    const own = { url: `http://127.0.0.1:${port}` }
    expect((await ask(teams(own), adminToken)).status).toBe(200)
    expect((await fetch(`${own.url}/ai/docs`)).status).toBe(200)
    expect((await fetch(`${own.url}/ai/openapi.json`)).status).toBe(200)
    for (const path of ['/ai/api/v1/teams', '/ai/docs', '/ai/openapi.json']) {
      expect(
        (await fetch(gateway.url + path, { headers: { authorization: `Bearer ${adminToken}` } })).status,
      ).toBe(404)
    }
    const { body } = await ask(`${own.url}/ai/api/v1/keys`, adminToken, {
      name: 'app',
      team: 'research',
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    })
    expect((await ask(models(gateway), String(body['key']))).status).toBe(200)
    const there = await fetch(models(own), { headers: { authorization: `Bearer ${String(body['key'])}` } })
    expect(there.status).toBe(404)
  })

  it('is nowhere where it is switched off, and models are served all the same', async () => {
    const gateway = await onlyStatic({ admin: { enabled: false } })
    for (const path of ['/ai/api/v1/teams', '/ai/docs', '/ai/openapi.json']) {
      expect(
        (await fetch(gateway.url + path, { headers: { authorization: `Bearer ${adminToken}` } })).status,
      ).toBe(404)
    }
    expect((await fetch(models(gateway))).status).toBe(401)
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
  })
})

describe('its settings', () => {
  afterEach(stopAll)

  it('may keep secrets from everybody', async () => {
    const gateway = await start({ config: { credentials_policy: { reveal: false } } })
    const api = `${gateway.url}/ai/api/v1`
    const made = await ask(`${api}/llm_credentials`, adminToken, {
      name: 'account',
      creds_type: 'API_KEY',
      provider: 'openai',
      api_key: secret,
    })
    const path = `${api}/llm_credentials/${String(made.body['id'])}/reveal`
    const refused = await ask(path, adminToken, { field: 'api_key' })
    expect(refused).toMatchObject({ status: 403, code: 'reveal_disabled' })
    const trail = await ask(`${api}/audit?action=refused`, adminToken)
    expect(trail.body['items']).toMatchObject([{ after: { code: 'reveal_disabled' } }])
    expect(JSON.stringify([made.body, refused.body, trail.body])).not.toContain(secret)
  })

  it('do not take a static token that is short', async () => {
    const short = 'short-token'
    const gateway = await start({ env: { MODELGATE_ADMIN_TOKEN: short }, wait: false })
    expect(await gateway.exited).toBe(1)
    expect(gateway.output()).toContain('MODELGATE_ADMIN_TOKEN')
    expect(gateway.output()).not.toContain(short)
  })
})
