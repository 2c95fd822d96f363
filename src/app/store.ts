import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import type { Log } from '../telemetry/log.ts'

/** Where state is kept. Throws where that cannot be opened. */
export function openStore({ config }: { config: Config; log: Log }): Store {
  return createEmbeddedStore({ dataDir: config.state.data_dir })
}
