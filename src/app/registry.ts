import { createSecretKey, randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Provider } from '../core/provider.ts'
import { type Audit, createAudit } from '../registry/audit.ts'
import { createSnapshotBuilder } from '../registry/build-snapshot.ts'
import { createCredentialSecrets, type CredentialSecrets } from '../registry/credential-secrets.ts'
import { createEditor, type Editor } from '../registry/edit.ts'
import { dropEndedKeys } from '../registry/ended-keys.ts'
import { createSnapshotFile } from '../registry/snapshot-file.ts'
import { createRegistry, type Registry, type Snapshot } from '../registry/snapshot.ts'
import { createSync, type Sync, type SyncStatus } from '../registry/sync.ts'
import { systemPause } from '../registry/timers.ts'
import type { Vault } from '../registry/vault.ts'
import { createRegistryWriter } from '../registry/writer.ts'
import type { Store } from '../store/contract.ts'
import type { Log } from '../telemetry/log.ts'
import { whenUp } from './when-up.ts'

export interface RegistryPartOptions {
  readonly config: Config
  readonly store: Store
  readonly vault: Vault
  readonly providers: ReadonlyMap<string, Provider>
  readonly log: Log
  readonly clock: Clock
  /** Of several processes of one machine one writes the sealed copy of the registry, and lets go of what is too old. */
  readonly isKeeper: boolean
}

/** What the configuration file and the store declare, and how the store's part is changed. */
export interface RegistryPart {
  readonly registry: Registry
  readonly sync: Sync
  readonly secrets: CredentialSecrets
  readonly editor: Editor
  readonly audit: Audit
  /** Resolves once the store was asked. Rejects where it is sealed under another master key. */
  start(): Promise<void>
  reload(config: Config): void
  stop(): Promise<void>
}

/** A store that is there is connected to long before; one that is not must not keep the process from starting. */
const CONNECTING_MS = 1_000
const DAY_MS = 86_400_000
/** Well below how long processes run between one deployment and the next. */
const PRUNE_EVERY_MS = 3_600_000

export function createRegistryPart(options: RegistryPartOptions): RegistryPart {
  const { store, vault, providers, log, clock, isKeeper } = options
  let { config } = options
  const file = store.shared ? createSnapshotFile({ dataDir: config.state.data_dir, vault }) : null
  const sync = createSync({
    store,
    vault,
    clock,
    file: file === null || isKeeper ? file : { ...file, write: async () => undefined },
    acceptReset: config.state.redis.accept_reset,
    onFault: tellOnce(log),
  })
  const keys = () => sync.keys()
  const secrets = createCredentialSecrets({ vault, keys })
  const builder = createSnapshotBuilder({ providers, secrets, created: Math.floor(clock.now() / 1000) })
  // Versions are only ever compared with one another: until the registry's own key is known, any will do.
  const firstKey = createSecretKey(randomBytes(32))
  const build = () =>
    builder.build({ file: config, state: sync.state(), versionKey: keys()?.version ?? firstKey })
  const registry = createRegistry({ snapshot: build() })
  const writer = createRegistryWriter({ store, sync, vault, clock, pause: systemPause })
  const editor = createEditor({ writer })
  const audit = createAudit({ store, vault, keys, writer })
  const tell = createTeller(log)
  let pruning: NodeJS.Timeout | null = null

  function rebuild(): void {
    const snapshot = build()
    registry.replace(snapshot)
    tell(snapshot)
  }

  function prune(): void {
    audit
      .prune(clock.now() - config.audit.retention_days * DAY_MS)
      .catch((error: unknown) => log.warn('the audit trail could not be shortened', { error }))
    dropEndedKeys(editor, clock.now()).catch((error: unknown) =>
      log.warn('keys that have ended could not be let go of', { error }),
    )
  }

  return {
    registry,
    sync,
    secrets,
    editor,
    audit,
    async start() {
      sync.onState(rebuild)
      await whenUp(store, CONNECTING_MS)
      await sync.start()
      // That all is well at the start goes without saying.
      if (sync.status().kind !== 'current') tellStatus(log, sync.status())
      sync.onStatus((status) => tellStatus(log, status))
      rebuild()
      if (isKeeper) pruning = setInterval(prune, PRUNE_EVERY_MS).unref()
    },
    reload(next) {
      config = next
      rebuild()
    },
    async stop() {
      if (pruning !== null) clearInterval(pruning)
      await sync.stop()
    },
  }
}

/** A store that is out is asked again and again, and says the same each time: once is enough for a reader. */
function tellOnce(log: Log): (message: string, error: unknown) => void {
  let told = ''
  return (message, error) => {
    const said = `${message}: ${String(error)}`
    log[said === told ? 'debug' : 'warn'](message, { error })
    told = said
  }
}

function tellStatus(log: Log, { kind, source, reason }: SyncStatus): void {
  log[kind === 'current' ? 'info' : 'warn']('the registry', { status: kind, source, reason })
}

/** Says what is stored and cannot serve, or is hidden by the file, once each time that it changes. */
function createTeller(log: Log): (snapshot: Snapshot) => void {
  let told = ''
  return ({ shadowed, faults }) => {
    const next = JSON.stringify({ shadowed, faults })
    if (next === told) return
    told = next
    for (const { kind, id, name } of shadowed)
      log.warn('the file hides a stored entity of the same name', { kind, id, name })
    for (const { kind, id, name, message } of faults)
      log.error('a stored entity cannot serve', { kind, id, name, fault: message })
  }
}
