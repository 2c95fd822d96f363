import { adminTokenFault } from '../access/admin-token.ts'
import { Secret } from '../core/secret.ts'
import { parseMasterKeys, type MasterKey } from '../registry/master-key.ts'
import type { Fault } from './fault.ts'
import type { Environment } from './substitute.ts'

/** What the environment says by itself, beside what the file takes from it. Empty is not set. */
export interface FromEnvironment {
  readonly host: string | null
  readonly port: number | null
  /** `MODELGATE_WORKERS` */
  readonly workers: number | 'auto' | null
  readonly adminToken: Secret | null
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]] | null
  readonly redisUrl: Secret | null
  /** The variables that begin with `AWS_`: the gateway's own AWS identity. A function, since some are secrets. */
  readonly aws: () => Readonly<Record<string, string | undefined>>
  readonly faults: readonly Fault[]
}

export function readEnvironment(environment: Environment): FromEnvironment {
  const faults: Fault[] = []
  const fault = (path: string, message: string): null => {
    faults.push({ line: null, column: null, path, message })
    return null
  }
  const given = (name: string): string | null => environment[name]?.trim() || null
  const read = <Value>(name: string, reader: (text: string) => Value): Value | null => {
    const text = given(name)
    if (text === null) return null
    try {
      return reader(text)
    } catch (error) {
      return fault(name, `${name} ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  const adminToken = given('MODELGATE_ADMIN_TOKEN')
  const tokenFault = adminToken === null ? null : adminTokenFault(adminToken)
  if (tokenFault !== null) fault('MODELGATE_ADMIN_TOKEN', tokenFault)
  return {
    host: given('HOST'),
    port: read('PORT', readPort),
    workers: read('MODELGATE_WORKERS', readWorkers),
    adminToken: adminToken === null || tokenFault !== null ? null : new Secret(adminToken),
    masterKeys: read('MODELGATE_MASTER_KEY', parseMasterKeys),
    redisUrl: read('REDIS_URL', readRedisUrl),
    aws: () => Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('AWS_'))),
    faults,
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new Error('must be a port, from 0 to 65535')
}

function readWorkers(text: string): number | 'auto' {
  if (text === 'auto') return text
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new Error('must be auto, or how many processes, from 1 to 999')
}

function readRedisUrl(text: string): Secret {
  if (['redis:', 'rediss:'].includes(URL.parse(text)?.protocol ?? '')) return new Secret(text)
  throw new Error('must be a URL that begins with redis:// or rediss://')
}
