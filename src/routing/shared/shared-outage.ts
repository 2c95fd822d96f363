import { createHash } from 'node:crypto'
import type { Connection } from '../../core/entities.ts'
import { failureReasons } from '../../core/failure.ts'
import type { Out } from '../connection-state.ts'

/** An outage as the store keeps it for all replicas, its time apart. */
export type ToldOutage = Omit<Out, 'until'> & {
  /** The process that told it. */
  readonly by: string
}

const ids = new WeakMap<Connection, string>()

/**
 * Under what the store keeps a connection's state: its id, and a hash of whom it asks. What was learned of one key,
 * endpoint or model is then nothing to a replica that has another by now, as `Pool.retain` has it.
 */
export function sharedId(connection: Connection): string {
  const known = ids.get(connection)
  if (known !== undefined) return known
  const { id, credential, provider, kind, modelName, region, overrides, custom } = connection
  const asked = [credential.id, credential.version, provider, kind, modelName, region, overrides, custom]
  const hash = createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16)
  const shared = `${id}:${hash}`
  ids.set(connection, shared)
  return shared
}

/** The connection's own id in one made by `sharedId`. */
export function connectionIdOf(shared: string): string {
  return shared.slice(0, Math.max(0, shared.lastIndexOf(':')))
}

export function encodeOutage({ kind, reason, message, ejections }: Out, by: string): string {
  return JSON.stringify({ kind, reason, message, ejections, by } satisfies ToldOutage)
}

/** null where it is not what `encodeOutage` makes: another version's, or a fault. */
export function decodeOutage(json: string): ToldOutage | null {
  let told: unknown
  try {
    told = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof told !== 'object' || told === null) return null
  const { kind, reason: word, message, ejections, by } = told as Partial<Record<keyof ToldOutage, unknown>>
  const reason = failureReasons.find((one) => one === word)
  if ((kind !== 'cooling' && kind !== 'unhealthy') || reason === undefined) return null
  if (typeof message !== 'string' || typeof by !== 'string') return null
  if (typeof ejections !== 'number' || !Number.isSafeInteger(ejections) || ejections < 1) return null
  return { kind, reason, message, ejections, by }
}
