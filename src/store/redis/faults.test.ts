import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../test/support/free-port.ts'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { eventually } from '../suite/harness.suite.ts'
import { entity, useStores, write } from './testing/opened.suite.ts'

const open = useStores()

/** How long it takes to be refused, ms. */
async function refusalMs(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await expect(ask()).rejects.toBeInstanceOf(Error)
  return performance.now() - began
}

describe('Redis store on a server that comes and goes', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ appendOnly: true })
  }, 300_000)
  afterAll(() => server.stop())
  afterEach(() => server.start())

  it('opens at once, refuses at once, and is up when the server is', async () => {
    await server.kill()
    const { store, until, links, warnings } = open({ url: server.url })
    expect(store.up()).toBe(false)
    for (let count = 0; count < 100; count += 1) {
      expect(await refusalMs(() => store.leases.take('x', 'y', 10))).toBeLessThan(50)
    }
    await eventually(
      () => warnings,
      ({ length }) => length > 0,
    )
    expect(warnings).toEqual([expect.stringMatching(/^Redis cannot be reached: .*ECONNREFUSED/)])
    await server.start()
    await until(true)
    expect(links).toEqual([true])
    expect(await store.leases.take('x', 'y', 10)).toMatchObject({ held: true })
  })

  it('killed and started again with its data: what watchers missed is all that is lost', async () => {
    const { store, until, links } = open({ url: server.url })
    await until(true)
    const position = await write(store, 'before')
    const lost = store.registry.fetch(null).catch((error: unknown) => error)
    await server.kill()
    await until(false, 1_000)
    expect(await lost).toBeDefined()
    await server.start()
    const began = performance.now()
    await until(true)
    expect(performance.now() - began).toBeLessThan(2_500)
    expect(links).toEqual([true, false, true])
    const heard: unknown[] = []
    store.registry.watch((news) => heard.push(news))
    const changes = await store.registry.fetch(position)
    // It cannot be known that the server has kept everything.
    expect(changes).toMatchObject({ position, whole: true })
    expect(changes.entities).toContainEqual(entity('before'))
    expect((await store.registry.fetch(position)).whole).toBe(false)
    const next = await write(store, 'after')
    expect(
      await eventually(
        () => heard,
        ({ length }) => length > 0,
      ),
    ).toEqual([next])
  })

  it('that returns empty is another registry, at revision 0, with outages that are still told apart', async () => {
    const { store, until } = open({ url: server.url })
    await until(true)
    const position = await write(store, 'before')
    const outage = await store.pool.eject('con', { remainingMs: 60_000, json: '' })
    await server.kill()
    await until(false, 1_000)
    await server.start({ empty: true })
    await until(true)
    const changes = await store.registry.fetch(position)
    expect(changes).toEqual({
      position: { epoch: expect.any(String), revision: 0 },
      whole: true,
      entities: [],
      deleted: [],
    })
    expect(changes.position.epoch).not.toBe(position.epoch)
    const batch = { puts: [entity('late')], deletes: [], audit: [] }
    expect(await store.registry.commit(batch, position)).toEqual({ kind: 'conflict' })
    const again = await store.pool.eject('con', { remainingMs: 1_000, json: '' })
    expect(again.sequence).toBeGreaterThan(outage.sequence)
    expect(await store.pool.restore('con', outage.sequence)).toBe(false)
  })

  it('that is emptied while it runs is another registry too', async () => {
    const { store, until } = open({ url: server.url })
    await until(true)
    const position = await write(store, 'before')
    const told = await store.pool.eject('con', { remainingMs: 60_000, json: '' })
    await server.call('flushall')
    expect(await store.pool.firstSequence()).toBe(Infinity)
    await store.pool.eject('other', { remainingMs: 60_000, json: '' })
    expect(await store.pool.firstSequence()).toBeGreaterThan(told.sequence)
    const batch = { puts: [entity('late')], deletes: [], audit: [] }
    expect(await store.registry.commit(batch, position)).toEqual({ kind: 'conflict' })
    const changes = await store.registry.fetch(position)
    expect(changes).toMatchObject({ whole: true, entities: [], position: { revision: 0 } })
    expect(changes.position.epoch).not.toBe(position.epoch)
    expect(store.up()).toBe(true)
  })

  it('that forgets the scripts is told them again', async () => {
    const { store, until } = open({ url: server.url })
    await until(true)
    await store.leases.take('x', 'y', 60_000)
    await server.call('script', 'flush')
    expect(await store.leases.take('x', 'z', 60_000)).toMatchObject({ held: false })
  })

  it('that hangs is noticed within two seconds or so, and found again', async () => {
    const { store, until, links } = open({ url: server.url })
    await until(true)
    const position = await write(store, 'before')
    server.suspend()
    const began = performance.now()
    const asked = refusalMs(() => store.registry.fetch(position))
    await until(false, 3_000)
    expect(performance.now() - began).toBeLessThan(2_600)
    expect(await asked).toBeLessThan(1_500)
    expect(await refusalMs(() => store.registry.fetch(position))).toBeLessThan(50)
    server.resume()
    await until(true)
    expect(links).toEqual([true, false, true])
    expect((await store.registry.fetch(position)).position).toEqual(position)
  })

  it('is closed within a second, even if it hangs, and what is asked then ends', async () => {
    const { store, until } = open({ url: server.url })
    await until(true)
    server.suspend()
    const asked = refusalMs(() => store.audit.last())
    const began = performance.now()
    await store.close()
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(await asked).toBeLessThan(1_000)
    expect(store.up()).toBe(false)
  })

  it('that cuts the connection it tells news on is connected again, so that nothing stays unheard', async () => {
    const { store, until, links } = open({ url: server.url })
    await until(true)
    await server.call('client', 'kill', 'type', 'pubsub')
    expect(
      await eventually(
        () => links,
        ({ length }) => length === 3,
      ),
    ).toEqual([true, false, true])
    const heard: string[] = []
    store.pool.watch(({ connectionId }) => heard.push(connectionId))
    await store.pool.eject('con', { remainingMs: 10, json: '' })
    expect(
      await eventually(
        () => heard,
        ({ length }) => length > 0,
      ),
    ).toEqual(['con'])
  })

  it('is asked nothing but for a sign of life while nothing is asked of us', async () => {
    const { until } = open({ url: server.url })
    await until(true)
    const processed = async () => {
      const info = String(await server.call('info', 'stats'))
      return Number(/total_commands_processed:(\d+)/.exec(info)?.[1])
    }
    const before = await processed()
    await sleep(2_500)
    // Two signs of life a second at most, and what this test asks itself.
    expect((await processed()) - before).toBeLessThanOrEqual(8)
  })

  it('that is short of memory refuses writes; what it has is still read', async () => {
    const { store, until } = open({ url: server.url })
    await until(true)
    const position = await write(store, 'before')
    await server.call('config', 'set', 'maxmemory', '1')
    const batch = { puts: [entity('more')], deletes: [], audit: [{ sequence: 1, at: 1, json: '{}' }] }
    await expect(store.registry.commit(batch, position)).rejects.toThrow('OOM')
    expect(await store.registry.fetch(position)).toMatchObject({ position, whole: false })
    expect(await store.audit.last()).toBeNull()
    await server.call('config', 'set', 'maxmemory', '0')
    expect(await store.registry.commit(batch, position)).toMatchObject({ kind: 'committed' })
  })
})

describe('Redis store on something that is no Redis', () => {
  let server: Server | null = null
  const sockets = new Set<Socket>()
  const listen = async (answer: (socket: Socket) => void) => {
    const port = await freePort()
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      answer(socket)
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return `redis://127.0.0.1:${port}`
  }
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    server?.close()
  })

  it('that accepts and never answers: never up, asked again and again, closed within a second', async () => {
    const url = await listen(() => undefined)
    const { store, warnings, links } = open({ url, connectTimeoutMs: 200 })
    await eventually(
      () => sockets.size,
      (size) => size > 4,
    )
    expect(sockets.size).toBeGreaterThan(4)
    expect(links).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('no answer in time')])
    const began = performance.now()
    await store.close()
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it.each([
    ['speaks of something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['answers nonsense', '*-7\r\n$99999999999\r\n'],
  ])('that %s: never up', async (_, answer) => {
    const url = await listen((socket) => socket.on('data', () => socket.write(answer)))
    const { store, warnings, links } = open({ url, connectTimeoutMs: 200 })
    await eventually(
      () => sockets.size,
      (size) => size > 4,
    )
    expect(store.up()).toBe(false)
    expect(links).toEqual([])
    expect(warnings.length).toBeGreaterThan(0)
  })

  it('that hangs between a real one and us is noticed too', async () => {
    const real = await startRedis()
    let isHanging = false
    try {
      const url = await listen((socket) => {
        const upstream = connect(real.port, '127.0.0.1')
        upstream.on('error', () => undefined)
        socket.on('close', () => upstream.destroy())
        upstream.on('data', (chunk) => isHanging || socket.write(chunk))
        socket.on('data', (chunk) => isHanging || upstream.write(chunk))
      })
      const { until, links } = open({ url, connectTimeoutMs: 300 })
      await until(true)
      isHanging = true
      await until(false, 2_600)
      isHanging = false
      await until(true, 3_000)
      expect(links).toEqual([true, false, true])
    } finally {
      await real.stop()
    }
  })
})
