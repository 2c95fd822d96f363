import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import type { Log } from '../telemetry/log.ts'

export interface OpenStoreOptions {
  readonly config: Config
  readonly log: Log
  /** Keeps every other process out; for embedded state alone. */
  readonly exclusive?: boolean
}

/** Where state is kept. Throws where that cannot be opened. */
export function openStore({ config, exclusive = false }: OpenStoreOptions): Store {
  return createEmbeddedStore({ dataDir: config.state.data_dir, exclusive })
}
