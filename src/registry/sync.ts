import type { Clock } from '../core/clock.ts'
import type { RegistryPosition, Store } from '../store/contract.ts'
import { createLoop } from './loop.ts'
import { createRegistryCopy, type RegistryCopy } from './registry-copy.ts'
import type { RegistryKeys } from './root-key.ts'
import { createSaver } from './save-snapshot.ts'
import type { SnapshotFile } from './snapshot-file.ts'
import { emptyState, type StoredState } from './stored/state.ts'
import { createSyncStatus, type SyncStatus } from './sync-status.ts'
import { type After, systemAfter } from './timers.ts'
import { type Vault, VaultError } from './vault.ts'

export type { SyncKind, SyncStatus } from './sync-status.ts'

/** Keeps this process's copy of the registry as the store has it. */
export interface Sync {
  /**
   * Reads the registry for the first time, and keeps at it from then on. Resolves whatever came of it: `status` says.
   * Rejects with VaultError where the registry is sealed under another master key.
   */
  start(): Promise<void>
  /** The empty state while nothing is known. */
  state(): StoredState
  /** null: not known yet. */
  keys(): RegistryKeys | null
  status(): SyncStatus
  /** How long ago the state was last known to be the store's, ms; null: it never was. */
  ageMs(): number | null
  /** Asks the store, after whatever is under way. Never rejects. */
  refresh(): Promise<void>
  /** The state with what this process has just written itself. */
  written(after: StoredState): void
  /** Called with each new state. Answers how to stop it. */
  onState(listener: (state: StoredState) => void): () => void
  onStatus(listener: (status: SyncStatus) => void): () => void
  /** Ends what runs beside; what is yet to be saved is saved. */
  stop(): Promise<void>
}

export interface SyncOptions {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  /** null: nothing is kept beside the store. */
  readonly file?: SnapshotFile | null
  /** Whatever the store holds is true, even where it is another registry than it was (`state.redis.accept_reset`). */
  readonly acceptReset?: boolean
  readonly after?: After
  readonly random?: () => number
  /** Between two looks at the store, ±20 %. */
  readonly intervalMs?: number
  /** The same while nothing is known. */
  readonly startIntervalMs?: number
  /** What went wrong; the status says what it comes to. Must not throw. */
  readonly onFault?: (message: string, error: unknown) => void
}

export function createSync(options: SyncOptions): Sync {
  const { store, vault, clock, file = null, acceptReset = false, onFault = () => undefined } = options
  const { after = systemAfter, random = Math.random, intervalMs = 5_000, startIntervalMs = 1_000 } = options
  const status = createSyncStatus({ clock })
  const listeners = new Set<(state: StoredState) => void>()
  const copy = createRegistryCopy({ store, vault, clock, acceptReset, onState: tell })
  const saver =
    file &&
    createSaver({
      file,
      after,
      clock,
      saved: () => copy.toSave(),
      onFault: (error) => onFault('the snapshot of the registry could not be written', error),
    })
  let wrongKey: VaultError | null = null
  const loop = createLoop({
    work: look,
    after,
    intervalMs: () => (copy.state() === null ? startIntervalMs : intervalMs) * (0.8 + 0.4 * random()),
  })
  const ends: (() => void)[] = []

  function tell(state: StoredState): void {
    saver?.changed()
    for (const listener of listeners) {
      try {
        listener(state)
      } catch (error) {
        onFault('a new state of the registry was not taken up', error)
      }
    }
  }

  async function look(): Promise<void> {
    try {
      status.set(await copy.look(), 'store')
      wrongKey = null
    } catch (error) {
      wrongKey = error instanceof VaultError ? error : null
      lost()
      onFault('the registry could not be read', error)
    }
  }

  /** The store does not answer; that it is not believed stands. */
  function lost(): void {
    if (!copy.isSuspect()) status.set(copy.state() === null ? 'starting' : 'stale')
  }

  async function stop(): Promise<void> {
    for (const end of ends.splice(0)) end()
    await loop.stop()
    await saver?.stop()
  }

  return {
    async start() {
      if (await restore(copy, options)) status.set('stale', 'file')
      ends.push(...watchStore({ store, copy, onNews: () => void loop.now(), onLost: lost }))
      await loop.start()
      if (wrongKey === null || copy.keys() !== null) return
      await stop()
      throw wrongKey
    },
    state: () => copy.state() ?? emptyState,
    keys: () => copy.keys(),
    status: () => status.get(),
    ageMs: () => copy.ageMs(),
    refresh: () => loop.now(),
    written: (state) => void (copy.written(state) === 'ahead' && loop.now()),
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onStatus: (listener) => status.onChange(listener),
    stop,
  }
}

/** Begins with what was saved, if there is such a thing. */
async function restore(copy: RegistryCopy, { file, onFault }: SyncOptions): Promise<boolean> {
  try {
    const saved = (await file?.read()) ?? null
    if (saved !== null) copy.restore(saved)
    return saved !== null
  } catch (error) {
    onFault?.('the snapshot of the registry is of no use', error)
    return false
  }
}

interface WatchOptions {
  readonly store: Store
  readonly copy: RegistryCopy
  readonly onNews: () => void
  readonly onLost: () => void
}

/** Answers what ends it. */
function watchStore({ store, copy, onNews, onLost }: WatchOptions): (() => void)[] {
  const isNews = ({ epoch, revision }: RegistryPosition) => {
    const known = copy.state()?.position
    return epoch !== known?.epoch || revision > known.revision
  }
  return [
    store.registry.watch((position) => {
      if (isNews(position)) onNews()
    }),
    store.onLink((up) => {
      if (up) onNews()
      else onLost()
    }),
  ]
}
