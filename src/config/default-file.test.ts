import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { createProviders } from '../providers/index.ts'
import { createCatalogue } from '../registry/testing/catalogue.ts'
import { fileSnapshot } from '../registry/testing/file-snapshot.ts'
import { createSelfSigned } from '../upstream/testing/self-signed.ts'
import { configJsonSchema } from './json-schema.ts'
import { configOf, linesOf } from './testing/load-text.ts'

const text = readFileSync(new URL('../../config/modelgate.yaml', import.meta.url), 'utf8')
const committed: unknown = JSON.parse(
  readFileSync(new URL('../../config/modelgate.schema.json', import.meta.url), 'utf8'),
)

/** The file with every example in it taken at its word: comments that are keys or items lose their mark. */
const examples = text.replace(/^( *)# (?=( *)(- )?(\w+:( |$)|[[{]))/gm, '$1')

describe('the default configuration', () => {
  it('has one model, echo, open to all, that needs nothing', async () => {
    const config = await configOf(text, { providers: createProviders() })
    expect(config.models).toMatchObject([
      {
        name: 'echo',
        builtin: true,
        connections: [{ credentials: { creds_type: 'API_KEY', provider: 'echo' } }],
      },
    ])
    expect(config.credentials).toEqual([])
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 8080 })
    expect(config.state.redis.enabled).toBe(false)
    const snapshot = fileSnapshot({ file: config, providers: createProviders() })
    expect(snapshot.modelByName('echo')?.connections).toMatchObject([{ provider: 'echo', name: 'default' }])
  })

  it('names its schema in the first line', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=modelgate.schema.json')
  })

  it('has examples that hold when the comment marks are taken away', async () => {
    const { cert, key } = createSelfSigned()
    const account = JSON.stringify({ client_email: 'a@b.test', private_key: 'pem' })
    const config = await configOf(examples, {
      environment: { OPENAI_API_KEY: 'sk-1' },
      files: {
        '/etc/modelgate/tls/tls.crt': cert,
        '/etc/modelgate/tls/tls.key': key,
        '/var/run/secrets/azure/api-key': 'key',
        '/var/run/secrets/google/key.json': account,
      },
      providers: createCatalogue(),
    })
    expect(config.models.map(({ name }) => name)).toEqual(['echo', 'gpt-4o', 'local-llama'])
    expect(config.credentials).toHaveLength(4)
    expect(config.auth.issuers).toHaveLength(2)
    expect(config.routes).toHaveLength(1)
    expect(config.teams).toHaveLength(1)
    expect(config.telemetry).toMatchObject({ port: 9090, log_level: 'info' })
    expect(config.upstream.proxy_url?.reveal()).toBe('http://proxy.internal:3128')
  })
})

describe('the JSON Schema', () => {
  const schema = z.fromJSONSchema(committed as Parameters<typeof z.fromJSONSchema>[0])
  const accepts = (yaml: string) => schema.safeParse(parse(yaml)).success

  it('is fresh: `node tools/write-schema.ts` writes it', () => {
    expect(committed).toEqual(configJsonSchema())
  })

  it('accepts the default configuration and all of its examples', () => {
    expect(schema.safeParse(parse(text)).error).toBeUndefined()
    expect(schema.safeParse(parse(examples)).error).toBeUndefined()
  })

  it.each([
    'listen: { port: "${PORT:-8080}" }',
    'admin: { enabled: "${ADMIN}", port: "${ADMIN_PORT:-}" }',
    'telemetry: { log_level: "${LOG_LEVEL}", otlp_endpoint: null }',
    'models: [{ name: m, policy: "${P}", connections: [{ name: c, model_name: x, weight: "${W}", credential: a }] }]',
    'models:',
  ])('accepts what the program does: %s', (yaml) => {
    expect(accepts(yaml)).toBe(true)
  })

  it.each([
    'lisen: {}',
    'listen: { port: many }',
    'telemetry: { log_level: loud }',
    'credentials: [{ name: a, creds_type: AWS, api_key: x }]',
    'models: [{ name: m, connections: [] }]',
  ])('refuses what the program does: %s', async (yaml) => {
    expect(accepts(yaml)).toBe(false)
    expect(await linesOf(yaml)).not.toEqual([])
  })
})
