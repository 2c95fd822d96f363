import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import { createRedisStore } from '../store/redis/redis.ts'
import type { RedisTls } from '../store/redis/settings.ts'
import type { Log } from '../telemetry/log.ts'

export interface OpenStoreOptions {
  readonly config: Config
  readonly log: Log
  /** Keeps every other process out; for embedded state alone. */
  readonly exclusive?: boolean
  /** Whether it is a gateway's own, of which embedded state takes one alone. */
  readonly serves?: boolean
}

/** Where state is kept. Throws where that cannot be opened. */
export function openStore({ config, log, exclusive = false, serves = false }: OpenStoreOptions): Store {
  const { redis, data_dir: dataDir } = config.state
  if (!redis.enabled) return createEmbeddedStore({ dataDir, exclusive, serves })
  return createRedisStore({
    url: redis.url ?? undefined,
    sentinels: redis.sentinels,
    sentinelName: redis.sentinel_name,
    cluster: redis.cluster,
    tls: typeof redis.tls === 'boolean' ? redis.tls : readTls(redis.tls),
    username: redis.username,
    password: redis.password,
    keyPrefix: redis.key_prefix,
    onWarning: (message) => log.warn(message),
  })
}

type TlsFiles = Exclude<Config['state']['redis']['tls'], boolean>

function readTls({ ca_file, cert_file, key_file, server_name }: TlsFiles): RedisTls {
  const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'))
  return { ca: read(ca_file), cert: read(cert_file), key: read(key_file), serverName: server_name }
}
