import type { Connection, Credential } from '../../core/entities.ts'
import type { Provider } from '../../core/provider.ts'
import { switchedOff } from '../plan.ts'
import type { Transition } from '../pool-link.ts'
import type { Pool } from '../pool.ts'
import type { Asked, Asker, Refused } from './ask.ts'
import type { HealthEvidence } from './evidence.ts'
import { lacksOnlyARight, type Listed, listPages } from './list-models.ts'

/**
 * When traffic puts a connection out for authentication, its credential is asked about at once: one 401 may be one
 * endpoint's fault, and only if the check confirms it are all connections of the credential put out (design §7).
 */
export interface CredentialCheck {
  /** For `Pool.onTransition`. Returns at once and never throws. */
  onTransition(change: Transition): void
  /** Once nothing is under way. */
  idle(): Promise<void>
}

export interface CredentialCheckOptions {
  readonly pool: Pool
  readonly asker: Asker
  readonly evidence: HealthEvidence
  readonly providers: ReadonlyMap<string, Provider>
  readonly connections: () => Iterable<Connection>
  /** Probes beside the pool and records what came of it. */
  readonly probe: (connection: Connection) => Promise<Asked>
  /** Within what may be asked at once. */
  readonly run: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly signal: AbortSignal
  readonly onFault: (error: unknown) => void
}

export function createCredentialCheck(options: CredentialCheckOptions): CredentialCheck {
  const { pool, asker, evidence, providers, connections, probe, run, signal, onFault } = options
  const flights = new Map<string, Promise<void>>()

  function usersOf({ id, version }: Credential): Connection[] {
    return Array.from(connections()).filter(
      ({ credential }) => credential.id === id && credential.version === version,
    )
  }

  async function check(connection: Connection): Promise<void> {
    const refused = await run(() => confirm(connection))
    if (refused === null || signal.aborted) return
    const { credential } = connection
    // First, so that what follows is not taken for news of the credential.
    evidence.credentialJudged(credential, refused)
    for (const user of usersOf(credential)) {
      const { state } = pool.entry(user)
      const isOutForIt = state.kind === 'unhealthy' && state.reason === 'authentication'
      if (!isOutForIt) pool.eject(user, 'authentication', refused.message)
    }
  }

  /** The refusal that proves the credential bad; null where nothing does. */
  async function confirm(connection: Connection): Promise<Refused | null> {
    const listed = await list(connection)
    if (listed?.failure === null) return null
    const failure = listed?.failure ?? null
    if (failure?.reason === 'authentication' && !lacksOnlyARight(failure)) return failure
    const witness = witnessOf(connection, usersOf(connection.credential), pool)
    const asked = witness === null ? null : await probe(witness)
    return asked === null || asked.ok || asked.reason !== 'authentication' ? null : asked
  }

  /** Free of cost. null: the provider cannot list, or lists to anyone. */
  async function list(connection: Connection): Promise<Listed | null> {
    const { listModels } = providers.get(connection.provider) ?? {}
    if (listModels === undefined || listModels.isPublic?.(connection.credential) === true) return null
    return listPages({ asker, connection, listModels, signal }, 1)
  }

  /** It is accepted again: what was put out with it returns with it. */
  function recovered(credential: Credential): void {
    evidence.credentialJudged(credential, null)
    for (const user of usersOf(credential)) {
      const { state } = pool.entry(user)
      if (state.kind === 'unhealthy' && state.reason === 'authentication') pool.restore(user)
    }
  }

  function begin(connection: Connection): void {
    const { id, version } = connection.credential
    const key = `${id}:${version}`
    if (flights.has(key)) return
    const flight = check(connection)
      .catch(onFault)
      .finally(() => flights.delete(key))
    flights.set(key, flight)
  }

  return {
    onTransition({ connection, from, to, origin }) {
      if (signal.aborted) return
      const isError = () => evidence.credential(connection.credential).status === 'error'
      const isBack = to.kind === 'ready' && from.kind !== 'ready'
      // The success that brought it back has been noted by now, and shows the credential well already.
      if (isBack && evidence.credentialRefused(connection.credential)) recovered(connection.credential)
      const isNew = from.kind === 'ready' || from.kind === 'trial'
      const isRefused = to.kind === 'unhealthy' && to.reason === 'authentication'
      // What another replica was refused is that one's to confirm.
      if (origin === 'here' && isNew && isRefused && !isError()) begin(connection)
    },
    async idle() {
      await Promise.all(flights.values())
    },
  }
}

/** Another connection of the credential before the one that was refused; those spared from probes are spared this too. */
function witnessOf(refused: Connection, users: readonly Connection[], pool: Pool): Connection | null {
  const able = users.filter((user) => user.probe && switchedOff(user) === null)
  const others = able.filter(({ id }) => id !== refused.id)
  const isReady = (user: Connection) => pool.entry(user).state.kind === 'ready'
  return others.find(isReady) ?? others[0] ?? able[0] ?? null
}
