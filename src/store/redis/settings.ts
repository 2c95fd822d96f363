import type { ConnectionOptions } from 'node:tls'
import { Secret } from '../../core/secret.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** PEM texts. */
export interface RedisTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: Secret | string | undefined
  /** Whom the certificate must name, where that is not the host. */
  readonly serverName?: string | undefined
}

/** Where Redis is, and who we are to it. */
export interface RedisAddressing {
  /** `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url?: Secret | string | undefined
  /** `host:port` of each. */
  readonly sentinels?: readonly string[] | undefined
  /** The name of the master that they watch. */
  readonly sentinelName?: string | undefined
  /** `host:port` of nodes to begin with. */
  readonly cluster?: readonly string[] | undefined
  readonly tls?: boolean | RedisTls | undefined
  readonly username?: string | undefined
  readonly password?: Secret | string | undefined
}

export interface Settings {
  readonly kind: 'standalone' | 'sentinel' | 'cluster'
  /** The server, the sentinels, or nodes of the cluster. */
  readonly addresses: readonly Address[]
  readonly sentinelName: string
  readonly database: number
  readonly tls: ConnectionOptions | null
  readonly username: string | null
  readonly password: Secret | null
}

const DEFAULT_PORT = 6379

/** Throws an Error, which names no secret, where it is not said where Redis is. */
export function readSettings(addressing: RedisAddressing): Settings {
  const { sentinels, sentinelName = '', cluster, tls = false, username, password } = addressing
  const url = readUrl(addressing.url)
  const own = password === undefined ? null : asSecret(password)
  const common = {
    sentinelName,
    database: url?.database ?? 0,
    tls: tls !== false || url?.isTls === true ? tlsOf(tls) : null,
    username: username ?? url?.username ?? null,
    password: own ?? url?.password ?? null,
  }
  if (sentinels !== undefined) {
    if (sentinelName === '') throw new Error('Sentinel needs the name of the master')
    return { ...common, kind: 'sentinel', addresses: sentinels.map(parseAddress) }
  }
  if (cluster !== undefined) {
    if (common.database !== 0) throw new Error('a Redis Cluster has database 0 only')
    return { ...common, kind: 'cluster', addresses: cluster.map(parseAddress) }
  }
  if (url === null) throw new Error('it is not said where Redis is')
  return { ...common, kind: 'standalone', addresses: [url.address] }
}

function readUrl(given: Secret | string | undefined) {
  if (given === undefined) return null
  const url = URL.parse(asSecret(given).reveal())
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol)) {
    throw new Error('the URL of Redis must begin with redis:// or rediss://')
  }
  const database = url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0
  if (!Number.isInteger(database) || database < 0)
    throw new Error("the URL's path must be a database's number")
  return {
    isTls: url.protocol === 'rediss:',
    address: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    },
    username: url.username === '' ? null : decodeURIComponent(url.username),
    password: url.password === '' ? null : new Secret(decodeURIComponent(url.password)),
    database,
  }
}

/** `host:port`; the host may be an IPv6 address, in brackets or not. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon < 0 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`${text} is not host:port`)
  }
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port }
}

function tlsOf(tls: boolean | RedisTls): ConnectionOptions {
  if (typeof tls === 'boolean') return {}
  const { ca, cert, key, serverName } = tls
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: asSecret(key).reveal() }),
    ...(serverName !== undefined && { servername: serverName }),
  }
}

function asSecret(value: Secret | string): Secret {
  return typeof value === 'string' ? new Secret(value) : value
}
