/** The oldest version that is tested. */
const OLDEST_MAJOR = 7

export interface ServerFacts {
  /** Where it cannot take writes now; null: it can, as far as is known. */
  readonly unfit: string | null
  /** What an operator should know. */
  readonly warnings: readonly string[]
}

/** Reads what `INFO` says of a server. Nothing is wrong where it says nothing, as to a user who may not ask. */
export function readServerFacts(info: string): ServerFacts {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
  const warnings: string[] = []
  const policy = field('maxmemory_policy')
  if (policy !== null && policy !== 'noeviction') {
    warnings.push(
      `Redis may drop state when memory runs short: maxmemory-policy is ${policy}, not noeviction`,
    )
  }
  const version = field('redis_version')
  if (version !== null && Number.parseInt(version, 10) < OLDEST_MAJOR) {
    warnings.push(`Redis ${version} is older than version ${OLDEST_MAJOR}, and not tested with`)
  }
  return { unfit: unfitness(field), warnings }
}

function unfitness(field: (name: string) => string | null): string | null {
  if (field('loading') === '1') return 'it is still reading its data'
  const role = field('role')
  return role === null || role === 'master' ? null : 'it is a replica, which takes no writes'
}
