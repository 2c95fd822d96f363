import { isIP } from 'node:net'
import { z } from 'zod'
import { algorithms } from '../access/json-web-keys.ts'
import { Secret } from '../core/secret.ts'
import { optionalText, requiredText, secretText, webAddress, webUrl } from '../registry/schema/fields.ts'

/** The settings of the configuration file with their defaults (design §12), section by section. */

/** What setTimeout can wait, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1
const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1_000)

const port = z.int().min(0).max(65_535)
const ownPort = port.nullable().default(null)
const seconds = (least: number) => z.number().min(least).max(MAX_SECONDS)
const milliseconds = z.int().min(1).max(MAX_TIMER_MS)
const count = z.int().min(1).max(1_000_000_000)
const address = z
  .string()
  .trim()
  .refine((text) => isNetwork(text), {
    error: 'must be an address or a network, as 10.0.0.0/8',
  })
const hostAndPort = z
  .string()
  .trim()
  .regex(/^\S+:\d{1,5}$/, { error: 'must be host:port' })

/** A URL that may hold a password. */
function secretUrl(protocols: readonly string[]) {
  return z
    .string()
    .trim()
    .refine((text) => text === '' || protocols.includes(URL.parse(text)?.protocol ?? ''), {
      error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    })
    .transform((text) => (text === '' ? undefined : new Secret(text)))
    .optional()
}

function isNetwork(text: string): boolean {
  const [ip = '', length, ...rest] = text.split('/')
  const version = isIP(ip)
  if (version === 0 || rest.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
}

function isOrigin(text: string): boolean {
  return text === '*' || URL.parse(text)?.origin === text
}

const listen = z.strictObject({
  host: optionalText.describe('Default: 0.0.0.0; 127.0.0.1 where no issuer is configured. HOST overrides'),
  port: port.default(8080).describe('PORT overrides'),
  tls: z
    .strictObject({ cert_file: optionalText, key_file: optionalText })
    .prefault({})
    .describe('PEM files, read again when they change'),
  trusted_proxies: z.array(address).default([]).describe("Whose x-forwarded-for tells the caller's address"),
  cors_origins: z
    .array(z.string().trim().refine(isOrigin, { error: 'must be an origin, as https://app.example.com' }))
    .default([]),
})

const admin = z.strictObject({
  enabled: z.boolean().default(true),
  port: ownPort.describe("A port of its own keeps the control plane off the data plane's listener"),
})

const telemetry = z.strictObject({
  host: optionalText.describe(
    "Where the listener of its own listens. Default: the data plane's host, HOST included",
  ),
  port: ownPort.describe('A port of its own for /metrics, /healthz and /readyz'),
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  otlp_endpoint: webAddress.nullable().transform((url) => url ?? null),
})

const credentialsPolicy = z.strictObject({
  reveal: z.boolean().default(true).describe('Whether administrators may see stored secrets'),
  rotation_days: z.int().min(1).max(36_500).default(90),
})

const claimPath = z.union([requiredText, z.array(requiredText).min(1)], {
  error: 'must be a dotted path, or a list of keys',
})

const issuer = z.strictObject({
  issuer: requiredText.describe('`iss` of its tokens'),
  audience: z
    .union([requiredText, z.array(requiredText).min(1)], { error: 'must be text, or a list of texts' })
    .describe('`aud` of the tokens meant for this gateway'),
  jwks_uri: webUrl,
  jwks_file: optionalText,
  ca_file: optionalText.describe("Certificates to trust for the issuer's hosts"),
  bearer_file: optionalText.describe("A token sent to the issuer's own host"),
  algorithms: z.array(z.enum(algorithms)).min(1).optional(),
  teams_claim: claimPath.default('teams'),
  team_prefix: optionalText.describe('It may assert teams that begin so'),
  teams: z.array(requiredText).optional().describe('Teams it may assert'),
  roles_claim: claimPath.default('roles'),
  admin_roles: z.array(requiredText).default([]).describe('Roles that open the control plane'),
})

const auth = z.strictObject({
  issuers: z.array(issuer).prefault([]),
  local_identity: z
    .strictObject({ token_file: requiredText })
    .nullable()
    .default(null)
    .describe('For sidecars: who callers on loopback are that present no token'),
})

const redisTls = z.strictObject({
  ca_file: optionalText,
  cert_file: optionalText,
  key_file: optionalText,
  server_name: optionalText,
})

const redis = z.strictObject({
  url: secretUrl(['redis:', 'rediss:']).describe('redis:// or rediss://; default: REDIS_URL'),
  sentinels: z.array(hostAndPort).min(1).optional(),
  sentinel_name: optionalText,
  cluster: z.array(hostAndPort).min(1).optional().describe('Nodes to begin with'),
  tls: z.union([z.boolean(), redisTls], { error: 'must be true, false, or a map of files' }).default(false),
  username: optionalText,
  password: secretText,
  key_prefix: requiredText.default('modelgate'),
  accept_reset: z.boolean().default(false),
})

const state = z.strictObject({
  data_dir: requiredText.default('./data').describe('Of embedded mode'),
  redis: redis.prefault({}).describe('Shared state; without it the state is embedded'),
})

const audit = z.strictObject({ retention_days: z.int().min(1).max(36_500).default(365) })

const health = z.strictObject({
  enabled: z.boolean().default(true),
  interval_seconds: seconds(1).default(300),
  timeout_seconds: seconds(0.1).default(20),
  max_concurrency: count.default(8),
})

const cooldown = z.strictObject({
  base_seconds: seconds(0.001).default(30),
  rate_limit_seconds: seconds(0.001).default(5),
  max_seconds: seconds(0.001).default(300),
  failures: count.default(3),
  failure_ratio: z.number().gt(0).max(1).default(0.5),
  min_requests: count.default(10),
  window_seconds: seconds(1).default(60),
})

const upstream = z.strictObject({
  connect_timeout_ms: milliseconds.default(5_000),
  first_event_timeout_ms: milliseconds.default(300_000),
  idle_timeout_ms: milliseconds.default(60_000),
  total_timeout_ms: milliseconds.default(600_000),
  retry_timeouts: z.boolean().default(false),
  max_attempts: z.int().min(1).max(100).default(3),
  allow_networks: z.array(address).default([]).describe('Private networks that upstreams may be in'),
  allow_http: z.boolean().default(false),
  proxy_url: secretUrl(['http:', 'https:'])
    .nullable()
    .transform((url) => url ?? null),
  ca_file: optionalText.nullable().transform((path) => path ?? null),
})

const limits = z.strictObject({
  max_body_bytes: z
    .int()
    .min(1)
    .max(1024 ** 3)
    .default(33_554_432),
  max_inflight: count.default(10_000),
})

const drain = z.strictObject({
  grace_seconds: seconds(0).default(5),
  timeout_seconds: seconds(0).default(30),
})

const workers = z
  .union([
    z.int().min(1).max(999),
    z
      .string()
      .regex(/^(auto|[1-9]\d{0,2})$/, { error: 'must be auto, or how many processes, from 1 to 999' }),
  ])
  .transform((asked) => (asked === 'auto' ? asked : Number(asked)))

/** Every section that is no list of entities. All may be left out. */
export const sectionShape = {
  listen: listen.prefault({}),
  admin: admin.prefault({}).describe('The control plane'),
  telemetry: telemetry.prefault({}),
  credentials_policy: credentialsPolicy.prefault({}),
  auth: auth.prefault({}).describe('Whose tokens are accepted'),
  state: state.prefault({}),
  audit: audit.prefault({}),
  health: health.prefault({}).describe('Probes of connections'),
  cooldown: cooldown.prefault({}).describe('How long a failing connection is left alone'),
  upstream: upstream.prefault({}).describe('The way to providers'),
  limits: limits.prefault({}),
  drain: drain.prefault({}).describe('From SIGTERM to the end'),
  workers: workers
    .prefault(1)
    .describe(
      'Processes that serve, `auto`: one for each core. More than one needs Redis. MODELGATE_WORKERS overrides',
    ),
}
