import type { KeyObject } from 'node:crypto'
import type { Provider } from '../core/provider.ts'
import type { CredentialSecrets } from './credential-secrets.ts'
import { assembleSnapshot } from './resolve/assemble.ts'
import { type FilePart, resolveFile } from './resolve/file.ts'
import { resolveState, type StatePart } from './resolve/state.ts'
import { createStoredResolver } from './resolve/stored.ts'
import type { FileEntities } from './schema/file-entities.ts'
import type { Snapshot } from './snapshot.ts'
import type { StoredState } from './stored/state.ts'

export interface SnapshotParts {
  /** As `loadConfig` answers it: every rule between entities holds. */
  readonly file: FileEntities
  readonly state: StoredState
  /** From the root key, so that replicas agree on versions and nobody can guess a secret from one. */
  readonly versionKey: KeyObject
}

export interface SnapshotBuilder {
  /** Throws an Error for what `entityFaults` would have refused in the file. */
  build(parts: SnapshotParts): Snapshot
}

export interface SnapshotBuilderOptions {
  readonly providers: ReadonlyMap<string, Provider>
  readonly secrets: CredentialSecrets
  /** Unix seconds, OpenAI's `created` of what the file declares. */
  readonly created: number
}

/** Makes snapshots one after another; what has not changed from one to the next is not resolved again. */
export function createSnapshotBuilder({
  providers,
  secrets,
  created,
}: SnapshotBuilderOptions): SnapshotBuilder {
  let former: {
    readonly parts: SnapshotParts
    readonly filePart: FilePart
    readonly statePart: StatePart
  } | null = null

  return {
    build(parts) {
      const { file, state, versionKey } = parts
      if (former?.parts.versionKey.equals(versionKey) === false) former = null
      const filePart =
        former?.parts.file === file ? former.filePart : resolveFile({ file, providers, versionKey, created })
      const statePart = resolveState({
        state,
        filePart,
        secrets,
        resolver: former?.statePart.resolver ?? createStoredResolver({ providers, secrets, versionKey }),
        former: former?.statePart ?? null,
      })
      secrets.retain(state.credentials)
      former = { parts, filePart, statePart }
      return assembleSnapshot(filePart, statePart)
    },
  }
}
