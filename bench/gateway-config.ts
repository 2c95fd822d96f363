import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Protocol } from '../test/support/protocols/protocol.ts'
import { audience, createIssuer } from '../test/support/tokens.ts'
import { translated } from './child/frames.ts'

export interface Identity {
  readonly token: string
  /** The section of the configuration by which the gateway knows it. */
  readonly auth: object
}

/** A token for the whole run, and what is needed to trust it. */
export async function createIdentity(dir: string): Promise<Identity> {
  const issuer = await createIssuer()
  const jwks = join(dir, 'jwks.json')
  await issuer.writeJwks(jwks)
  const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 7200 })
  return { token, auth: { issuers: [{ issuer: issuer.issuer, audience, jwks_file: jwks }] } }
}

export interface GatewayOptions {
  readonly dir: string
  /** The upstream's. */
  readonly origin: string
  readonly port: number
  readonly identity: Identity
  readonly redisUrl?: string
}

/**
 * Writes the configuration of a gateway with everything on, and returns the environment it starts with. Its models are
 * `bench`, a pool of two OpenAI connections, and one for each protocol that is translated, by the protocol's name.
 */
export async function writeGatewayConfig(options: GatewayOptions): Promise<Record<string, string>> {
  const { dir, origin, port, identity, redisUrl } = options
  const file = join(dir, `modelgate-${port}.json`)
  const config = {
    listen: { host: '127.0.0.1', port },
    state: {
      data_dir: join(dir, `data-${port}`),
      ...(redisUrl !== undefined && { redis: { url: redisUrl } }),
    },
    telemetry: { log_level: 'info' },
    // Probes would be requests of their own.
    health: { enabled: false },
    upstream: { allow_http: true, allow_networks: ['127.0.0.0/8'] },
    auth: identity.auth,
    models: [
      { name: 'bench', connections: ['one', 'two'].map((name) => openaiConnection(origin, name)) },
      ...translated.map((protocol) => translatedModel(origin, protocol)),
    ],
  }
  await writeFile(file, JSON.stringify(config))
  return { MODELGATE_CONFIG: file, MODELGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
}

function openaiConnection(origin: string, name: string): object {
  return {
    name,
    model_name: 'bench',
    credentials: {
      creds_type: 'API_KEY',
      provider: 'openai',
      api_key: `sk-bench-${name}`,
      base_url: `${origin}/v1`,
    },
  }
}

function translatedModel(origin: string, protocol: Protocol): object {
  const connection = {
    name: 'one',
    model_name: protocol.modelName,
    credentials: protocol.credential(origin, `key-bench-${protocol.name}`),
    ...protocol.connection?.(origin),
  }
  return { name: protocol.name, connections: [connection] }
}
