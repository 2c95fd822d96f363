import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Provider } from '../../core/provider.ts'
import { createSnapshotBuilder } from '../build-snapshot.ts'
import { createCredentialSecrets } from '../credential-secrets.ts'
import type { FileEntities } from '../schema/file-entities.ts'
import type { Snapshot } from '../snapshot.ts'
import { emptyState } from '../stored/state.ts'
import { createTestVault } from './vault.ts'

export interface FileSnapshotOptions {
  readonly file: FileEntities
  readonly providers: ReadonlyMap<string, Provider>
  readonly versionKey?: KeyObject
  readonly created?: number
}

/** What the file alone comes to. */
export function fileSnapshot({
  file,
  providers,
  versionKey = createSecretKey(Buffer.alloc(32, 1)),
  created = 0,
}: FileSnapshotOptions): Snapshot {
  const secrets = createCredentialSecrets({ vault: createTestVault(), keys: () => null })
  return createSnapshotBuilder({ providers, secrets, created }).build({ file, state: emptyState, versionKey })
}
