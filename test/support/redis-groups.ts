import { type RedisServer, startRedis } from './redis-server.ts'
import { until } from './wait.ts'

const READY_MS = 20_000

export interface SentinelGroup {
  readonly name: string
  readonly sentinels: readonly RedisServer[]
  /** All that hold the data, whichever is the master. */
  readonly servers: readonly RedisServer[]
  /** `host:port` of the sentinels. */
  readonly addresses: readonly string[]
  master(): Promise<RedisServer>
  stop(): Promise<void>
}

/** A master, a replica and three sentinels, which take a master for dead after half a second. */
export async function startSentinelGroup(): Promise<SentinelGroup> {
  const name = 'the-master'
  const master = await startRedis({ appendOnly: true })
  const args = ['--replicaof', '127.0.0.1', `${master.port}`, '--repl-diskless-sync-delay', '0']
  const replica = await startRedis({ appendOnly: true, args })
  const servers = [master, replica]
  await until('the replica follows', async () =>
    String(await replica.call('info', 'replication')).includes('master_link_status:up'),
  )
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
  ].join('\n')
  const start = () => startRedis({ isSentinel: true, config })
  const sentinels = await Promise.all([start(), start(), start()])
  const isKnown = async (sentinel: RedisServer) => {
    const info = String(await sentinel.call('info', 'sentinel'))
    return info.includes('status=ok') && info.includes('slaves=1,sentinels=3')
  }
  await until(
    'the sentinels know one another',
    async () => (await Promise.all(sentinels.map(isKnown))).every(Boolean),
    { timeoutMs: READY_MS, everyMs: 50 },
  )
  return {
    name,
    sentinels,
    servers,
    addresses: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    async master() {
      const answer = await sentinels[0]?.call('sentinel', 'get-master-addr-by-name', name)
      const found = servers.find(({ port }) => String(port) === (answer as string[])[1])
      if (found === undefined) throw new Error('the sentinels know no master of ours')
      return found
    },
    async stop() {
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()))
    },
  }
}

export interface ClusterGroup {
  readonly nodes: readonly RedisServer[]
  /** `host:port` of the nodes. */
  readonly addresses: readonly string[]
  /** Who has the slot of a key now, as another node sees it. */
  ownerOf(key: string): Promise<RedisServer>
  /** Moves the slot of a key to another master, key by key; `between` is awaited after each of them. */
  moveSlotOf(key: string, to: RedisServer, between?: () => Promise<unknown>): Promise<void>
  stop(): Promise<void>
}

const SLOTS = 16_384

/** Three masters, each with one replica if so wanted, which take a node for dead after a second. */
export async function startCluster({ replicas = false }: { replicas?: boolean } = {}): Promise<ClusterGroup> {
  const args = ['--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0']
  args.push('--repl-diskless-sync-delay', '0')
  const start = () => startRedis({ isClusterNode: true, args })
  const masters = await Promise.all([start(), start(), start()])
  const followers = replicas ? await Promise.all([start(), start(), start()]) : []
  const nodes = [...masters, ...followers]
  await introduce(nodes)
  await Promise.all(
    masters.map((master, index) => {
      const first = Math.floor((SLOTS * index) / masters.length)
      const last = Math.floor((SLOTS * (index + 1)) / masters.length) - 1
      return master.call('cluster', 'addslotsrange', `${first}`, `${last}`)
    }),
  )
  await waitFor('the cluster is up', nodes, 'info', (info) => info.includes('cluster_state:ok'))
  for (const [index, follower] of followers.entries()) {
    await follower.call('cluster', 'replicate', await idOf(masters[index] as RedisServer))
  }
  await waitFor('replicas follow', followers, 'nodes', (list) => /myself,slave/.test(list))
  for (const follower of followers) {
    await until('it has the data', async () =>
      String(await follower.call('info', 'replication')).includes('master_link_status:up'),
    )
  }
  return {
    nodes,
    addresses: nodes.map(({ port }) => `127.0.0.1:${port}`),
    ownerOf: (key) => ownerOf(nodes, key),
    moveSlotOf: (key, to, between) => moveSlot(nodes, key, to, between),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** Waits until a master's replicas have all that it has: it answers before they do. */
export async function untilReplicated(master: RedisServer): Promise<void> {
  await until('the replicas have everything', async () => {
    const info = String(await master.call('info', 'replication'))
    const offset = /master_repl_offset:(\d+)/.exec(info)?.[1]
    const replicas = [...info.matchAll(/^slave\d+:.*state=(\w+),offset=(\d+)/gm)]
    return replicas.length > 0 && replicas.every(([, state, acked]) => state === 'online' && acked === offset)
  })
}

async function introduce(nodes: readonly RedisServer[]): Promise<void> {
  const [first, ...others] = nodes
  for (const [index, node] of nodes.entries()) await node.call('cluster', 'set-config-epoch', `${index + 1}`)
  for (const node of others) {
    const busPort = String(((await node.call('config', 'get', 'cluster-port')) as string[])[1])
    await first?.call('cluster', 'meet', '127.0.0.1', `${node.port}`, busPort)
  }
  await waitFor('all know all', nodes, 'info', (info) =>
    info.includes(`cluster_known_nodes:${nodes.length}\r`),
  )
}

async function waitFor(
  what: string,
  nodes: readonly RedisServer[],
  ask: 'info' | 'nodes',
  isRight: (answer: string) => boolean,
): Promise<void> {
  for (const node of nodes) {
    const check = async () => isRight(String(await node.call('cluster', ask)))
    await until(what, check, { timeoutMs: READY_MS, everyMs: 50 })
  }
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.call('cluster', 'myid'))
}

async function ownerOf(nodes: readonly RedisServer[], key: string): Promise<RedisServer> {
  for (const node of nodes) {
    const answer = await node.call('exists', key).then(
      () => node,
      (error: unknown) => (error instanceof Error ? error.message : ''),
    )
    if (typeof answer !== 'string') return answer
    const port = /^MOVED \d+ .*:(\d+)$/.exec(answer)?.[1]
    const owner = nodes.find((other) => String(other.port) === port)
    if (owner !== undefined) return owner
  }
  throw new Error(`nobody has ${key}`)
}

async function moveSlot(
  nodes: readonly RedisServer[],
  key: string,
  to: RedisServer,
  between: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const from = await ownerOf(nodes, key)
  const slot = String(await from.call('cluster', 'keyslot', key))
  const [fromId, toId] = [await idOf(from), await idOf(to)]
  await to.call('cluster', 'setslot', slot, 'importing', fromId)
  await from.call('cluster', 'setslot', slot, 'migrating', toId)
  for (;;) {
    await between()
    const [next] = (await from.call('cluster', 'getkeysinslot', slot, '1')) as string[]
    if (next === undefined) break
    await from.call('migrate', '127.0.0.1', `${to.port}`, next, '0', '5000')
  }
  for (const node of [to, from]) await node.call('cluster', 'setslot', slot, 'node', toId)
}
