import { setTimeout as sleep } from 'node:timers/promises'
import { createCredentialSecrets } from '../../src/registry/credential-secrets.ts'
import { deriveRegistryKeys } from '../../src/registry/root-key.ts'
import { largeRegistry } from '../../src/registry/testing/large-registry.ts'
import { createTestVault } from '../../src/registry/testing/vault.ts'
import { encodeOutage } from '../../src/routing/shared/shared-outage.ts'
import type { Evidence, RegistryPosition, Store } from '../../src/store/contract.ts'
import { createRedisStore } from '../../src/store/redis/redis.ts'
import { type RedisServer, startRedis } from '../../test/support/redis-server.ts'
import { until } from '../../test/support/wait.ts'
import { type Cost, measure } from './server-cost.ts'

export interface Costs {
  readonly eject: Cost
  readonly restore: Cost
  /** Of one message of 'eject' to one replica more. */
  readonly hear: Cost
  readonly takeFree: Cost
  readonly takeHeld: Cost
  readonly release: Cost
  /** All outages, while there are none, and for each that there is. */
  readonly outagesNone: Cost
  readonly outagesEach: Cost
  /** The registry, unchanged; and for each entity where all is read. */
  readonly fetchNone: Cost
  readonly fetchEach: Cost
  readonly commit: Cost
  /** Told evidence, for each of 100 connections; and read, for each. */
  readonly reportEach: Cost
  readonly evidenceEach: Cost
  /** A replica that has nothing to do, for a second. */
  readonly idle: Cost
  /** A replica that connects. */
  readonly connect: Cost
}

const listeners = 50
const standing = 1_000
const entityCount = 10_000
const message = 'the upstream answered 503: service unavailable'

/** Measures what the project's own scripts cost a server on this machine, over the project's own store. */
export async function measureCosts(): Promise<Costs> {
  const server = await startRedis()
  const stores: Store[] = []
  const open = async (keyPrefix: string) => {
    const store = createRedisStore({ url: server.url, keyPrefix })
    stores.push(store)
    await until('the store is up', () => store.up())
    return store
  }
  try {
    const store = await open('costs')
    const pool = await poolCosts(server, store, open)
    const leases = await leaseCosts(server, store)
    const registry = await registryCosts(server, await open('registry'))
    const evidence = await evidenceCosts(server, store)
    return { ...pool, ...leases, ...registry, ...evidence, ...(await linkCosts(server, open)) }
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await server.stop()
  }
}

type Open = (keyPrefix: string) => Promise<Store>
const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}:0123456789abcdef`
const json = encodeOutage(
  { kind: 'cooling', reason: 'provider_down', message, ejections: 1, until: 0 },
  '00000000-0000-4000-8000-000000000000',
)

async function poolCosts(server: RedisServer, { pool }: Store, open: Open) {
  const outagesNone = await measure(server, {
    name: 'outages, none',
    calls: 2_000,
    call: () => pool.outages(),
  })
  const tell = (name: string, offset: number) =>
    measure(server, {
      name,
      calls: standing,
      call: (index) => pool.eject(idOf(offset + index), { remainingMs: 60_000, json }),
    })
  // This store hears of its own.
  const alone = await tell('eject', 0)
  const all = await measure(server, { name: 'outages', calls: 50, call: () => pool.outages() })
  const others = await Promise.all(Array.from({ length: listeners }, () => open('costs')))
  const heard = await tell('eject heard by all', 10_000)
  await Promise.all(others.map((other) => other.close()))
  const restore = await measure(server, {
    name: 'restore, heard by one',
    calls: standing,
    call: (index) => pool.restore(idOf(index), Number.MAX_SAFE_INTEGER),
  })
  const hear = perUnit('eject, heard by one more', heard, alone, listeners)
  return {
    eject: minus('eject, heard by nobody', alone, hear),
    restore,
    hear,
    outagesNone,
    outagesEach: perUnit('outages, each', all, outagesNone, standing),
  }
}

async function leaseCosts(server: RedisServer, { leases }: Store) {
  const calls = 3_000
  const takeFree = await measure(server, {
    name: 'lease, free',
    calls,
    call: (index) => leases.take(`trial:${idOf(index)}`, 'one', 60_000),
  })
  const takeHeld = await measure(server, {
    name: 'lease, held by another',
    calls,
    call: (index) => leases.take(`trial:${idOf(index)}`, 'other', 60_000),
  })
  const release = await measure(server, {
    name: 'lease, given back',
    calls,
    call: (index) => leases.release(`trial:${idOf(index)}`, 'one'),
  })
  return { takeFree, takeHeld, release }
}

async function registryCosts(server: RedisServer, { registry }: Store) {
  const keys = deriveRegistryKeys(Buffer.alloc(32, 5))
  const secrets = createCredentialSecrets({ vault: createTestVault(), keys: () => keys })
  const entities = largeRegistry({
    models: Math.round(entityCount / 7),
    connectionsPerModel: 5,
    credentials: 100,
    secrets,
  })
  let position: RegistryPosition = (await registry.fetch(null)).position
  const commit = async (puts: typeof entities) => {
    const done = await registry.commit({ puts, deletes: [], audit: [] }, position)
    if (done.kind === 'committed') position = done.position
  }
  for (let from = 0; from < entities.length; from += 500) await commit(entities.slice(from, from + 500))
  const one = await measure(server, {
    name: 'commit of one entity',
    calls: 500,
    width: 1,
    call: (index) => commit(entities.slice(index % entities.length, (index % entities.length) + 1)),
  })
  await registry.fetch(null)
  const fetchNone = await measure(server, {
    name: 'registry, unchanged',
    calls: 2_000,
    call: () => registry.fetch(position),
  })
  const whole = await measure(server, {
    name: 'registry, whole',
    calls: 10,
    width: 1,
    call: () => registry.fetch(null),
  })
  return {
    commit: one,
    fetchNone,
    fetchEach: perUnit('registry, each entity', whole, fetchNone, entities.length),
  }
}

async function evidenceCosts(server: RedisServer, { evidence }: Store) {
  const some = (index: number): Evidence[] =>
    Array.from({ length: 100 }, (_, place) => ({
      id: idOf((index % 10) * 100 + place),
      kind: 'success',
      ageMs: 0,
      json: '{"by":"traffic","latency_ms":412}',
    }))
  const told = await measure(server, {
    name: 'evidence told, 100',
    calls: 500,
    width: 8,
    call: (index) => evidence.report(some(index)),
  })
  const read = await measure(server, {
    name: 'evidence read, 1,000',
    calls: 50,
    width: 4,
    call: () => evidence.all(),
  })
  const none = { name: '', cpuUs: 0, bytesIn: 0, bytesOut: 0 }
  return {
    reportEach: perUnit('evidence told, each', told, none, 100),
    evidenceEach: perUnit('evidence read, each', read, none, 1_000),
  }
}

async function linkCosts(server: RedisServer, open: Open) {
  const count = 50
  const seconds = 3
  const rest = (name: string) =>
    measure(server, { name, calls: 1, width: 1, call: () => sleep(seconds * 1_000) })
  const without = await rest('rest')
  const connect = await measure(server, {
    name: 'a replica connects',
    calls: count,
    width: 1,
    call: () => open('link'),
  })
  const resting = await rest('rest')
  return { connect, idle: perUnit('a replica’s links, for a second', resting, without, count * seconds) }
}

function minus(name: string, one: Cost, other: Cost): Cost {
  return {
    name,
    cpuUs: one.cpuUs - other.cpuUs,
    bytesIn: one.bytesIn - other.bytesIn,
    bytesOut: one.bytesOut - other.bytesOut,
  }
}

function perUnit(name: string, with_: Cost, without: Cost, units: number): Cost {
  const { cpuUs, bytesIn, bytesOut } = minus(name, with_, without)
  return { name, cpuUs: cpuUs / units, bytesIn: bytesIn / units, bytesOut: bytesOut / units }
}
