import { userInfo } from 'node:os'
import { isatty } from 'node:tty'
import type { Config } from '../../config.ts'
import type { Actor } from '../../registry/actor.ts'
import { loadMasterKeys, type MasterKey } from '../../registry/master-key.ts'
import { createVault, type Vault, VaultError } from '../../registry/vault.ts'
import type { Store } from '../../store/contract.ts'
import { createDescriptorDestination } from '../../telemetry/destination.ts'
import { createLog } from '../../telemetry/log.ts'
import { openStore } from '../store.ts'
import { whenUp } from '../when-up.ts'

export interface CommandParts {
  /** The configuration; null where it has faults, which have been told. */
  readonly load: () => Promise<Config | null>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** The state that the configuration names, opened. */
export interface OpenedState {
  readonly config: Config
  readonly store: Store
  readonly vault: Vault
  readonly keys: readonly [MasterKey, ...MasterKey[]]
}

interface OpenOptions {
  /** Of embedded state: whether other processes are to be kept out, and which keys open it. */
  readonly exclusive?: (config: Config) => boolean
  readonly masterKeys?: (config: Config) => readonly [MasterKey, ...MasterKey[]]
}

const STDERR = 2
/** How long a store may take to answer for the first time, ms. */
const UP_MS = 10_000

/** Runs a command's work against the state; what it throws is told in a sentence, and the exit code is then 1. */
export async function withState(
  { load, err }: CommandParts,
  work: (state: OpenedState) => Promise<number>,
  { exclusive = () => false, masterKeys = configuredKeys }: OpenOptions = {},
): Promise<number> {
  const config = await load()
  if (config === null) return 1
  // Standard output is the command's own.
  const destination = createDescriptorDestination({ descriptor: STDERR })
  const log = createLog({ level: 'warn', destination, pretty: isatty(STDERR) })
  let store: Store | null = null
  try {
    store = openStore({ config, log, exclusive: exclusive(config) })
    const keys = masterKeys(config)
    if (!(await whenUp(store, UP_MS))) throw new Error(`the store did not answer within ${UP_MS / 1_000} s`)
    return await work({ config, store, keys, vault: createVault({ keys }) })
  } catch (error) {
    err(`modelgate: ${sentenceOf(error)}\n`)
    return 1
  } finally {
    await store?.close()
    await log.close()
  }
}

export function configuredKeys({ master_keys: keys, state }: Config): readonly [MasterKey, ...MasterKey[]] {
  return keys ?? loadMasterKeys({ dataDir: state.data_dir })
}

/** Who the audit trail says it was: whoever could start the command here. */
export function commandActor(): Actor {
  return { subject: userName(), issuer: 'command-line', kind: 'system', address: null, requestId: null }
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!(error instanceof VaultError) || error.failure === 'damaged') return error.message
  return `${error.message} MODELGATE_MASTER_KEY must name the key that it was sealed under.`
}
