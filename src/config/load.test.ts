import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSelfSigned } from '../upstream/testing/self-signed.ts'
import { formatFaults } from './fault.ts'
import { configOf, faultsOf, linesOf, loadText } from './testing/load-text.ts'

const masterKey = Buffer.alloc(32, 7).toString('base64')

describe('faults', () => {
  it('are told all at once, each with its line', async () => {
    const text = [
      'listen:',
      '  port: 99999',
      '  tls: { cert_file: /tls.crt }',
      'lisen: {}',
      'telemetry: { log_level: "${NOT_SET}" }',
      'upstream:',
      '  max_attempts: many',
      '  allow_networks: [10.0.0.0/33]',
      'auth:',
      '  issuers:',
      '    - { issuer: https://a.test, audience: x, team_prefix: a- }',
      '    - issuer: https://b.test',
      '      audience: x',
      'credentials:',
      '  - { name: a, creds_type: AWS, aws_access_key_id: x }',
      '  - name: A',
      '    creds_type: API_KEY',
      '    provider: openai',
      '    apikey: x',
      'models:',
      '  - name: m',
      '    policy: random',
      '    connections:',
      '      - { name: c, credential: nobody, model_name: x, weight: -1 }',
      'routes:',
      '  - name: r',
      '    default:',
      '      - m',
      '      - gone',
      'upstream: {}',
    ].join('\n')
    expect(await linesOf(text, { files: { '/tls.crt': 'x' } })).toEqual([
      '2: listen.port: port must be at most 65535',
      '3: listen.tls.key_file: key_file is required with cert_file',
      '4: lisen: unknown key "lisen"',
      '5: telemetry.log_level: NOT_SET is not set in the environment',
      '7: upstream.max_attempts: max_attempts must be a number, not text',
      '8: upstream.allow_networks[0]: allow_networks[0] must be an address or a network, as 10.0.0.0/8',
      '12: auth.issuers[1].team_prefix: with more than one issuer each needs team_prefix or teams',
      '15: credentials[0].aws_region: aws_region is required',
      '15: credentials[0].aws_secret_access_key: aws_secret_access_key is required with aws_access_key_id',
      '16: credentials[1].api_key: api_key is required for API_KEY creds type',
      '16: credentials[1].name: the name "A" is taken already, by credentials[0]',
      '19: credentials[1].apikey: unknown key "apikey"',
      '22: models[0].policy: policy must be one of weighted, least_busy, lowest_latency, affinity',
      '24: models[0].connections[0].credential: there is no credential named "nobody"',
      '24: models[0].connections[0].weight: weight must be at least 0',
      '29: routes[0].default[1]: there is no model named "gone"',
      '30: upstream: the key "upstream" is there twice',
    ])
  })

  it('are printed as compilers print theirs', async () => {
    const faults = await faultsOf('listen:\n  port: x\n', { environment: { PORT: 'y' } })
    expect(formatFaults('m.yaml', faults)).toBe(
      [
        'm.yaml: PORT: PORT must be a port, from 0 to 65535',
        'm.yaml:2:9: listen.port: port must be a number, not text',
      ].join('\n'),
    )
  })

  it.each<[string, string, string[]]>([
    [
      'an open bracket',
      'a: [1\nb: 2',
      ['2: : the indentation does not fit the lines around it, or a bracket is not closed'],
    ],
    ['a tab', 'listen:\n\tport: 1', ['2: : tabs may not indent; use spaces']],
    [
      'an unquoted substitution in brackets',
      'listen: { port: ${PORT} }',
      ['1: : ${…} inside { } and [ ] must be in quotes'],
    ],
    ['two documents', 'a: 1\n---\nb: 2', ['2: : there may be only one document in the file']],
    ['a tag', 'a: !secret b', ['1: : this tag is unknown']],
    ['a list', '- 1', ['1: : the file must be a map of keys']],
    ['binary data', 'models: !!binary aGk=', ['1: models: a value must be text, a number, true or false']],
    [
      'an alias without its anchor',
      'listen:\n  host: *h',
      ['2: listen.host: there is no anchor of this name above'],
    ],
    ['a key of the prototype', '__proto__: { port: 1 }', ['1: __proto__: unknown key "__proto__"']],
  ])('of syntax: %s', async (_, text, expected) => {
    expect(await linesOf(text)).toEqual(expected)
  })

  it('end where aliases multiply, or stand in themselves', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `a${level}: &a${level} [${level === 0 ? 'x' : `*a${level - 1}, *a${level - 1}`}]`,
    )
    const doubled = await linesOf(levels.join('\n'))
    expect(doubled.filter((line) => line.includes('more than 100000 values'))).toHaveLength(1)
    expect(await linesOf('models: &m [*m]')).toContain(
      `1: models${'[0]'.repeat(32)}: this is deeper than 32 levels`,
    )
  })

  it('are told of a file that cannot be read', async () => {
    const result = await loadText('')
    expect(result).toHaveProperty('config')
    const missing = await linesOf('state: { data_dir: "${file:/run/dir}" }')
    expect(missing).toEqual(['1: state.data_dir: the file /run/dir cannot be read: no file /run/dir'])
  })

  it('are told of the environment', async () => {
    const environment = {
      MODELGATE_ADMIN_TOKEN: 'too-short',
      MODELGATE_MASTER_KEY: 'c2hvcnQ=',
      PORT: '70000',
      REDIS_URL: 'http://redis.test',
    }
    const faults = await faultsOf('', { environment })
    expect(faults.map(({ line, path }) => [line, path])).toEqual([
      [null, 'MODELGATE_ADMIN_TOKEN'],
      [null, 'PORT'],
      [null, 'MODELGATE_MASTER_KEY'],
      [null, 'REDIS_URL'],
    ])
    expect(JSON.stringify(faults)).not.toMatch(/too-short|c2hvcnQ|redis\.test/)
  })
})

describe('what the environment says', () => {
  it('overrides the listener, and holds the tokens', async () => {
    const config = await configOf('listen: { host: 10.0.0.1, port: 1 }', {
      environment: { HOST: '127.0.0.2', PORT: '0', MODELGATE_ADMIN_TOKEN: 'a-token-of-16-or-more' },
    })
    expect(config.listen).toMatchObject({ host: '127.0.0.2', port: 0 })
    expect(config.admin_token?.reveal()).toBe('a-token-of-16-or-more')
    expect(config.master_keys).toBeNull()
    expect(inspect(config, { depth: 9 })).not.toContain('a-token-of')
  })

  it('opens the listener to others only where tokens can be checked', async () => {
    const issuers = 'auth: { issuers: [{ issuer: https://a.test, audience: x }] }'
    expect((await configOf('')).listen.host).toBe('127.0.0.1')
    expect((await configOf(issuers)).listen.host).toBe('0.0.0.0')
    expect((await configOf('listen: { host: "::" }')).listen.host).toBe('::')
  })

  it.each<[string, string, Record<string, string>]>([
    ['REDIS_URL', '', { REDIS_URL: 'rediss://u:planted@redis.test' }],
    ['a URL in the file', 'state: { redis: { url: "redis://:planted@redis.test" } }', {}],
    ['sentinels', 'state: { redis: { sentinels: ["a:26379"], sentinel_name: main, password: planted } }', {}],
    ['a cluster', 'state: { redis: { cluster: ["a:6379"], password: planted, tls: { ca_file: /ca } } }', {}],
  ])('needs a master key with Redis: %s', async (_, text, environment) => {
    expect(await linesOf(text, { environment })).toEqual([
      expect.stringContaining('MODELGATE_MASTER_KEY is required with Redis'),
    ])
    const config = await configOf(text, { environment: { ...environment, MODELGATE_MASTER_KEY: masterKey } })
    expect(config.state.redis.enabled).toBe(true)
    expect(config.master_keys).toHaveLength(1)
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain('planted')
  })
})

describe('certificates', () => {
  const text = 'listen:\n  tls:\n    cert_file: /tls.crt\n    key_file: /tls.key\n'
  const own = createSelfSigned()

  it('are read, and watched', async () => {
    const result = await loadText(text, { files: { '/tls.crt': own.cert, '/tls.key': own.key } })
    expect('config' in result && result.config.certificate?.cert).toBe(own.cert)
    expect('config' in result && result.config.certificate?.key.reveal()).toBe(own.key)
    expect([...result.files.keys()]).toEqual(['/etc/modelgate.yaml', '/tls.crt', '/tls.key'])
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'missing',
      { '/tls.key': own.key },
      '3: listen.tls.cert_file: the file cannot be read: no file /tls.crt',
    ],
    [
      'of another key',
      { '/tls.crt': own.cert, '/tls.key': createSelfSigned().key },
      '3: listen.tls.cert_file: cert_file and key_file must be PEM, and the key that of the certificate',
    ],
    [
      'no certificate',
      { '/tls.crt': 'hello', '/tls.key': own.key },
      '3: listen.tls.cert_file: cert_file and key_file must be PEM, and the key that of the certificate',
    ],
  ])('are refused: %s', async (_, files, expected) => {
    expect(await linesOf(text, { files })).toEqual([expected])
  })
})

describe('settings that must agree', () => {
  it.each([
    [
      'admin: { port: 9 }\ntelemetry: { port: 9 }',
      '2: telemetry.port: the port is that of admin already: leave it out to share it',
    ],
    ['listen: { port: 0 }\nadmin: { port: 0 }', null],
    ['telemetry: { host: 127.0.0.1 }', '1: telemetry.port: port is required with host'],
    ['telemetry: { host: 127.0.0.1, port: 9090 }', null],
    [
      'state: { redis: { sentinels: ["a:1"] } }',
      '1: state.redis.sentinel_name: sentinel_name is required with sentinels',
    ],
    [
      'cooldown:\n  base_seconds: 60\n  max_seconds: 30',
      '3: cooldown.max_seconds: max_seconds must not be less than base_seconds',
    ],
    [
      'auth:\n  issuers:\n    - { issuer: https://a.test, audience: x, team_prefix: red- }\n    - { issuer: https://b.test, audience: [x], team_prefix: red-team- }',
      '4: auth.issuers[1].team_prefix: the teams of this prefix are also those of issuers[0]',
    ],
    [
      'auth:\n  issuers:\n    - { issuer: https://a.test, audience: x, teams: [red-1] }\n    - { issuer: https://b.test, audience: [x], team_prefix: red- }',
      null,
    ],
    [
      'auth: { issuers: [{ issuer: ours, audience: x }] }',
      '1: auth.issuers[0].issuer: the issuer is no URL, so that its keys cannot be discovered: set jwks_uri or jwks_file',
    ],
    [
      'upstream: { proxy_url: "socks://a.test" }',
      '1: upstream.proxy_url: proxy_url must be a URL that begins with http:// or https://',
    ],
    [
      'listen: { cors_origins: ["https://a.test/path"] }',
      '1: listen.cors_origins[0]: cors_origins[0] must be an origin, as https://app.example.com',
    ],
  ])('%s', async (text, expected) => {
    expect(await linesOf(text)).toEqual(expected === null ? [] : [expected])
  })
})

describe('a secret', () => {
  /** Every place of a file where a secret may stand, by right or by mistake, and ways to break what is around it. */
  const places = [
    'credentials: [{ name: a, creds_type: API_KEY, provider: nobody, api_key: SECRET }]',
    'credentials: [{ name: SECRET, creds_type: API_KEY }, { name: SECRET, creds_type: API_KEY }]',
    'models: [{ name: m, connections: [{ name: c, model_name: x, credential: SECRET }] }]',
    'models: [{ name: m, policy: SECRET, connections: [] }]',
    'routes: [{ name: r, default: [SECRET, SECRET] }]',
    'credentials: [{ name: a, creds_type: GCP, gcp_project: p, gcp_service_account: SECRET }]',
    'credentials: [{ name: a, creds_type: CUSTOM, secrets: { "no name": SECRET, b: [SECRET] } }]',
    'credentials: [{ name: a, creds_type: SECRET }]',
    'credentials: [{ name: a, creds_type: API_KEY, provider: SECRET, base_url: SECRET }]',
    'state: { redis: { url: SECRET, password: SECRET, sentinels: SECRET } }',
    'upstream: { proxy_url: SECRET, max_attempts: SECRET, allow_networks: [SECRET] }',
    'telemetry: { log_level: SECRET, otlp_endpoint: SECRET }',
    'listen: { port: SECRET, host: [SECRET] }\nauth: SECRET\nmodels: SECRET',
    'teams: [{ name: SECRET }, { name: SECRET }]\nhealth: { enabled: SECRET }',
  ]
  const secrets = fc.stringMatching(/^sk-[!-~]{8,40}$/)

  it('from the environment or a mounted file is in no fault', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, fc.constantFrom(...places), fc.boolean(), async (secret, place, isFile) => {
        const text = place.replaceAll('SECRET', isFile ? '"${file:/secret}"' : '"${KEY}"')
        const faults = await faultsOf(text, {
          environment: { KEY: secret },
          files: { '/secret': `${secret}\n` },
        })
        expect(faults.length).toBeGreaterThan(0)
        expect(faults.filter(({ message }) => message.includes(secret))).toEqual([])
      }),
    )
  })

  it('written into the file, where secrets belong, is in no fault', async () => {
    const own = places.filter((place) => /(api_key|password|url|account|secrets): ?[{S]/.test(place))
    expect(own.length).toBeGreaterThan(3)
    await fc.assert(
      fc.asyncProperty(secrets, fc.constantFrom(...own), async (secret, place) => {
        const written = place
          .replace(/(name|provider): SECRET/g, '$1: x')
          .replaceAll('SECRET', JSON.stringify(secret))
        const faults = await faultsOf(`${written}\nbroken: true`)
        expect(faults.length).toBeGreaterThan(0)
        expect(JSON.stringify(faults)).not.toContain(secret)
      }),
    )
  })

  it('in a text that is no YAML is in no fault', async () => {
    const wrecks = [
      'a: b: SECRET',
      'a: [SECRET',
      '"SECRET',
      'a: !SECRET b',
      'a: "\\SECRET"',
      '*SECRET',
      '%SECRET\n---\na: 1',
      'SECRET',
      '? [SECRET]\n: 1',
      'a: |SECRET\n b',
    ]
    await fc.assert(
      fc.asyncProperty(secrets, fc.constantFrom(...wrecks), async (secret, wreck) => {
        const faults = await faultsOf(wreck.replaceAll('SECRET', secret))
        expect(JSON.stringify(faults)).not.toContain(secret)
      }),
    )
  })
})
