import { type Model, policies, type Policy } from '../src/core/entities.ts'
import { createSnapshotBuilder } from '../src/registry/build-snapshot.ts'
import { createCredentialSecrets } from '../src/registry/credential-secrets.ts'
import { deriveRegistryKeys } from '../src/registry/root-key.ts'
import { emptyState } from '../src/registry/stored/state.ts'
import { createCatalogue } from '../src/registry/testing/catalogue.ts'
import { largeRegistry } from '../src/registry/testing/large-registry.ts'
import { createTestVault } from '../src/registry/testing/vault.ts'
import { createMemoryPool } from '../src/routing/pool.ts'
import { createRouter, type Router } from '../src/routing/router.ts'

// What a large registry costs a replica: the time to load it, the memory it keeps, and what choosing a connection
// takes with it. Run with --expose-gc, as `npm run bench:scale` does.

const MB = 1_000_000
const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined)
const say = (text: string) => process.stdout.write(`${text}\n`)

const keys = deriveRegistryKeys(Buffer.alloc(32, 5))
const vault = createTestVault()
const file = { credentials: [], models: [], teams: [], routes: [] }

function load(models: number, connectionsPerModel: number) {
  const sealing = createCredentialSecrets({ vault, keys: () => keys })
  const entities = largeRegistry({ models, connectionsPerModel, credentials: 500, secrets: sealing })
  const secrets = createCredentialSecrets({ vault, keys: () => keys })
  const builder = createSnapshotBuilder({ providers: createCatalogue(), secrets, created: 0 })
  collect()
  const heapBefore = process.memoryUsage().heapUsed
  const begun = performance.now()
  const position = { epoch: 'e', revision: 1 }
  const state = emptyState.apply({ position, whole: true, entities, deleted: [] })
  const snapshot = builder.build({ file, state, versionKey: keys.version })
  const resolved = performance.now()
  const pool = createMemoryPool()
  pool.retain(snapshot.models().flatMap((model) => model.connections))
  const pooled = performance.now()
  collect()
  const heap = (process.memoryUsage().heapUsed - heapBefore) / MB
  say(
    `${models} models with ${models * connectionsPerModel} connections: decoded, opened and resolved in ` +
      `${(resolved - begun).toFixed(0)} ms, pooled in ${(pooled - resolved).toFixed(0)} ms, keeping ${heap.toFixed(0)} MB`,
  )
  return { snapshot, router: createRouter({ pool }), state }
}

/** µs of one choice with its settling, over models in turn. */
function choosing(router: Router, models: readonly Model[], rounds: number): number {
  const once = (round: number) => {
    const model = models[round % models.length]
    if (model === undefined) throw new Error('no model')
    const query = {
      model,
      connectionName: null,
      affinityKey: `conversation ${round}`,
      tried: new Set<string>(),
    }
    const choice = router.acquire(query)
    if (choice.kind === 'none') throw choice.error
    choice.attempt.settle({ kind: 'success', firstByteMs: 100 })
  }
  for (let round = 0; round < rounds; round++) once(round)
  const begun = performance.now()
  for (let round = 0; round < rounds; round++) once(round)
  return ((performance.now() - begun) * 1000) / rounds
}

const large = load(10_000, 5)
say(
  `  choosing among 5, over all ${large.snapshot.models().length} models: ` +
    `${choosing(large.router, large.snapshot.models(), 200_000).toFixed(2)} µs`,
)
const wide = load(50, 100)
for (const policy of policies) {
  const models = wide.snapshot.models().map((model): Model => ({ ...model, policy: policy satisfies Policy }))
  say(`  choosing among 100, ${policy}: ${choosing(wide.router, models, 100_000).toFixed(2)} µs`)
}
