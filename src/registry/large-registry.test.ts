import { describe, expect, it } from 'vitest'
import { createSnapshotBuilder } from './build-snapshot.ts'
import { createCredentialSecrets } from './credential-secrets.ts'
import { deriveRegistryKeys } from './root-key.ts'
import { encodeRecord } from './stored/codec.ts'
import { emptyState } from './stored/state.ts'
import { createCatalogue } from './testing/catalogue.ts'
import { largeRegistry, testConnection, testId } from './testing/large-registry.ts'
import { createTestVault } from './testing/vault.ts'

const MB = 1_000_000

describe('a registry of 10,000 models and 50,000 connections', () => {
  it('is loaded, and changed, in a time that is printed', () => {
    const vault = createTestVault()
    const keys = deriveRegistryKeys(Buffer.alloc(32, 5))
    const made = createCredentialSecrets({ vault, keys: () => keys })
    const entities = largeRegistry({
      models: 10_000,
      connectionsPerModel: 5,
      credentials: 500,
      secrets: made,
    })
    const characters = entities.reduce((sum, { json }) => sum + json.length, 0)
    const secrets = createCredentialSecrets({ vault, keys: () => keys })
    const builder = createSnapshotBuilder({ providers: createCatalogue(), secrets, created: 0 })
    const file = { credentials: [], models: [], teams: [], routes: [] }
    const heapBefore = process.memoryUsage().heapUsed
    const cpu = process.cpuUsage()
    const begun = performance.now()
    const state = emptyState.apply({
      position: { epoch: 'e', revision: 1 },
      whole: true,
      entities,
      deleted: [],
    })
    const snapshot = builder.build({ file, state, versionKey: keys.version })
    const loaded = performance.now()
    const { user, system } = process.cpuUsage(cpu)
    const connection = testConnection(testId('b', 0), testId('a', 0), testId('c', 1), 'connection-0')
    const changed = builder.build({
      file,
      versionKey: keys.version,
      state: state.apply({
        position: { epoch: 'e', revision: 2 },
        whole: false,
        entities: [encodeRecord({ kind: 'connection', record: { ...connection, enabled: false } })],
        deleted: [],
      }),
    })
    const ended = performance.now()
    const heap = (process.memoryUsage().heapUsed - heapBefore) / MB
    process.stdout.write(
      `${entities.length} entities, ${(characters / MB).toFixed(1)} MB of JSON: ` +
        `loaded in ${(loaded - begun).toFixed(0)} ms (CPU ${((user + system) / 1000).toFixed(0)} ms), one change in ${(ended - loaded).toFixed(1)} ms, ` +
        `heap ${heap.toFixed(0)} MB more, garbage included\n`,
    )
    expect([snapshot.models().length, snapshot.faults]).toEqual([10_000, []])
    const all = snapshot.models().flatMap(({ connections }) => connections)
    expect(all).toHaveLength(50_000)
    expect(all.every(({ credential }) => credential.secrets['api_key'] !== undefined)).toBe(true)
    expect([snapshot, changed].map((one) => one.connection(testId('b', 0))?.enabled)).toEqual([true, false])
    expect(changed.model(testId('a', 1))).toBe(snapshot.model(testId('a', 1)))
    expect(loaded - begun).toBeLessThan(30_000)
  }, 60_000)
})
