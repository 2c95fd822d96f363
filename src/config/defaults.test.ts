import { describe, expect, it } from 'vitest'
import { issuerOptions } from './issuer-options.ts'
import { configOf } from './testing/load-text.ts'

/** The table of settings and their defaults, as documented. */
const defaults: Record<string, Record<string, unknown>> = {
  listen: { host: '127.0.0.1', port: 8080, tls: {}, trusted_proxies: [], cors_origins: [] },
  admin: { enabled: true, port: null },
  telemetry: { port: null, log_level: 'info', otlp_endpoint: null },
  credentials_policy: { reveal: true, rotation_days: 90 },
  auth: { issuers: [], local_identity: null },
  state: {
    data_dir: './data',
    redis: { url: null, tls: false, key_prefix: 'modelgate', accept_reset: false, enabled: false },
  },
  audit: { retention_days: 365 },
  health: { enabled: true, interval_seconds: 300, timeout_seconds: 20, max_concurrency: 8 },
  cooldown: {
    base_seconds: 30,
    rate_limit_seconds: 5,
    max_seconds: 300,
    failures: 3,
    failure_ratio: 0.5,
    min_requests: 10,
    window_seconds: 60,
  },
  upstream: {
    connect_timeout_ms: 5_000,
    first_event_timeout_ms: 300_000,
    idle_timeout_ms: 60_000,
    total_timeout_ms: 600_000,
    retry_timeouts: false,
    max_attempts: 3,
    allow_networks: [],
    allow_http: false,
    proxy_url: null,
    ca_file: null,
  },
  limits: { max_body_bytes: 33_554_432, max_inflight: 10_000 },
  drain: { grace_seconds: 5, timeout_seconds: 30 },
}

const complete = {
  ...defaults,
  workers: 1,
  credentials: [],
  models: [],
  teams: [],
  routes: [],
  certificate: null,
  admin_token: null,
  master_keys: null,
}

describe('defaults', () => {
  it.each([
    ['no text', ''],
    ['comments', '# nothing\n'],
    ['sections without anything in them', Object.keys(defaults).concat('models').join(':\n') + ':'],
    [
      'empty sections',
      Object.keys(defaults)
        .map((name) => `${name}: {}`)
        .join('\n'),
    ],
    [
      'empty values',
      'admin:\n  port:\n  enabled: ~\nlimits: { max_inflight: null }\nlisten: { tls: }\ntelemetry: { log_level: }\nstate: { redis: { tls: } }',
    ],
    ['values that are the defaults', JSON.stringify({ ...defaults, state: { data_dir: './data' } })],
  ])('are complete for %s', async (_, text) => {
    const config = await configOf(text)
    expect(JSON.parse(JSON.stringify(config))).toEqual(complete)
    expect(config.state.redis.url).toBeNull()
  })

  it('are filled in beside what is given', async () => {
    const config = await configOf(
      'cooldown: { failures: 5 }\nauth: { issuers: [{ issuer: https://a.test, audience: x }] }',
    )
    expect(config.cooldown).toEqual({ ...defaults['cooldown'], failures: 5 })
    expect(config.auth.issuers[0]).toMatchObject({
      issuer: 'https://a.test',
      audience: 'x',
      teams_claim: 'teams',
      roles_claim: 'roles',
      admin_roles: [],
    })
    expect(config.auth.issuers[0]?.algorithms).toBeUndefined()
  })

  it('of an issuer are those of access; every field reaches it', async () => {
    const entry = {
      issuer: 'https://a.test',
      audience: ['x', 'y'],
      jwks_uri: 'https://a.test/keys/',
      ca_file: '/ca',
      bearer_file: '/token',
      algorithms: ['ES256'],
      teams_claim: ['kubernetes.io', 'namespace'],
      team_prefix: 'a-',
      teams: ['b'],
      roles_claim: 'groups',
      admin_roles: ['c'],
    }
    const { auth } = await configOf(JSON.stringify({ auth: { issuers: [entry] } }))
    expect(auth.issuers.map(issuerOptions)).toEqual([
      {
        issuer: 'https://a.test',
        audience: ['x', 'y'],
        jwksUri: 'https://a.test/keys/',
        jwksFile: undefined,
        caFile: '/ca',
        bearerFile: '/token',
        algorithms: ['ES256'],
        teamsClaim: ['kubernetes.io', 'namespace'],
        teamPrefix: 'a-',
        teams: ['b'],
        rolesClaim: 'groups',
        adminRoles: ['c'],
      },
    ])
  })

  it('of models and connections', async () => {
    const [model] = (
      await configOf(
        'models: [{ name: m, connections: [{ name: c, model_name: x, credentials: { creds_type: API_KEY, provider: echo } }] }]',
      )
    ).models
    expect(model).toMatchObject({
      name: 'm',
      is_embedding: false,
      supported_stages: ['planning', 'tool_call', 'summarization', 'guardrail'],
      team_access: 'all',
      policy: 'weighted',
      builtin: false,
    })
    expect(model?.connections[0]).toMatchObject({
      weight: 1,
      priority: 0,
      enabled: true,
      probe: true,
      overrides: {},
    })
  })
})
