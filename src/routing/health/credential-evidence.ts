import type { Clock } from '../../core/clock.ts'
import type { Connection, Credential } from '../../core/entities.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { Refused } from './ask.ts'
import type { Notebook } from './notebook.ts'
import type { Sighting } from './sightings.ts'

/** `error` shows and excludes nothing; `inactive` does (design §5). */
export interface CredentialHealth {
  readonly status: 'active' | 'inactive' | 'error'
  /** Of an error. */
  readonly reason: FailureReason | null
  readonly message: string | null
}

/** What is known of credentials as such, under `credential:<id>:<version>` in the notebook. */
export interface CredentialEvidence {
  health(credential: Credential): CredentialHealth
  /** Whether the last judgement was a refusal, whatever has passed since. */
  wasRefused(credential: Credential): boolean
  judged(credential: Credential, refused: Pick<Refused, 'reason' | 'message'> | null): void
}

export interface CredentialEvidenceOptions {
  readonly notebook: Notebook
  readonly connections: () => Iterable<Connection>
  /** Of a connection that is in the pool, its last success, ms since 1970: one that is out may have had it before it was refused. */
  readonly successInPool: (connection: Connection) => number
  readonly clock: Clock
}

export function createCredentialEvidence({
  notebook,
  connections,
  successInPool,
  clock,
}: CredentialEvidenceOptions): CredentialEvidence {
  function hasPassedSince({ id, version }: Credential, at: number): boolean {
    for (const connection of connections()) {
      const { credential } = connection
      const isUser = credential.id === id && credential.version === version
      if (isUser && successInPool(connection) > at) return true
    }
    return false
  }

  function refusalOf(credential: Credential): Sighting | null {
    const { success, failure } = notebook.seen(credentialId(credential))
    return failure !== null && (success === null || failure.at > success.at) ? failure : null
  }

  return {
    health(credential) {
      const fine = { reason: null, message: null }
      if (credential.status === 'inactive') return { status: 'inactive', ...fine }
      const refusal = refusalOf(credential)
      if (refusal === null || hasPassedSince(credential, refusal.at)) return { status: 'active', ...fine }
      return { status: 'error', reason: refusal.reason, message: refusal.message }
    },
    wasRefused: (credential) => refusalOf(credential) !== null,
    judged(credential, refused) {
      const { reason, message } = refused ?? { reason: null, message: null }
      const sighting = { at: clock.now(), by: 'probe', latencyMs: null, reason, message } as const
      notebook.note(credentialId(credential), refused === null ? 'success' : 'failure', sighting)
    },
  }
}

const prefix = 'credential:'

/** With its version: what was said of a secret that has changed since is said of another. */
function credentialId({ id, version }: Credential): string {
  return `${prefix}${id}:${version}`
}

export function isCredentialId(id: string): boolean {
  return id.startsWith(prefix)
}
