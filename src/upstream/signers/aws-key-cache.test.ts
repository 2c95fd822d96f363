import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { createAwsKeyCache, type LoadAwsKeys } from './aws-key-cache.ts'
import type { AwsKeys } from './aws-keys.ts'

const minute = 60_000
const never = new AbortController().signal
const denied = new GatewayError('upstream_auth_failed', 'denied', { reason: 'permission' })
const down = new GatewayError('upstream_error', 'down', { reason: 'provider_down' })

/** A cache on a clock that only the test moves, and exchanges that the test ends. */
function setUp({ maxEntries = 10, closing = never } = {}) {
  const time = { now: 1_000_000 }
  const clock = { now: () => time.now, monotonic: () => time.now }
  const results: string[] = []
  const onExchange = (result: string) => results.push(result)
  const cache = createAwsKeyCache({ clock, closing, maxEntries, deadlineMs: 60_000, onExchange })
  const exchanges: {
    signal: AbortSignal
    succeed: (lifetimeMs: number) => void
    fail: (error: Error) => void
  }[] = []
  const load: LoadAwsKeys = (signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<AwsKeys>()
    const number = exchanges.length + 1
    const succeed = (lifetimeMs: number) =>
      resolve({
        accessKeyId: `key-${number}`,
        secretAccessKey: new Secret('s'),
        sessionToken: null,
        expiresAt: time.now + lifetimeMs,
      })
    exchanges.push({ signal, succeed, fail: reject })
    return promise
  }
  const get = async (id = 'role', signal = never) => (await cache.get(id, load, signal)).accessKeyId
  return { time, exchanges, get, results }
}

/** Lets what is settled be heard of. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('createAwsKeyCache', () => {
  it('keeps keys until five minutes before they end', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    expect(await first).toBe('key-1')
    time.now += 49 * minute
    expect(await get()).toBe('key-1')
    expect(exchanges).toHaveLength(1)
  })

  it('renews them in the background before that, while the old ones serve', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    await first
    time.now += 51 * minute
    expect(await get()).toBe('key-1')
    expect(await get()).toBe('key-1')
    expect(exchanges).toHaveLength(2)
    exchanges[1]?.succeed(60 * minute)
    await settle()
    expect(await get()).toBe('key-2')
    expect(exchanges).toHaveLength(2)
  })

  it('waits for new ones from five minutes before the end', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    await first
    time.now += 56 * minute
    const second = get()
    exchanges[1]?.succeed(60 * minute)
    expect(await second).toBe('key-2')
  })

  it('makes one exchange for all who ask at once, one for each id', async () => {
    const { exchanges, get } = setUp()
    const all = [get(), get(), get(), get('other')]
    expect(exchanges).toHaveLength(2)
    exchanges[0]?.succeed(60 * minute)
    exchanges[1]?.succeed(60 * minute)
    expect(await Promise.all(all)).toEqual(['key-1', 'key-1', 'key-1', 'key-2'])
  })

  it('remembers a failure for five seconds', async () => {
    const { time, exchanges, get, results } = setUp()
    const first = get()
    exchanges[0]?.fail(denied)
    await expect(first).rejects.toBe(denied)
    await expect(get()).rejects.toBe(denied)
    time.now += 4_999
    await expect(get()).rejects.toBe(denied)
    expect(exchanges).toHaveLength(1)
    time.now += 1
    const again = get()
    exchanges[1]?.succeed(60 * minute)
    expect(await again).toBe('key-2')
    expect(results).toEqual(['failure', 'success'])
  })

  it('serves the old keys through an outage, to half a minute before their end', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    await first
    time.now += 57 * minute
    const during = get()
    exchanges[1]?.fail(down)
    expect(await during).toBe('key-1')
    time.now += 2.6 * minute
    const late = get()
    exchanges[2]?.fail(down)
    await expect(late).rejects.toBe(down)
  })

  it('does not serve old keys where AWS has refused new ones', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    await first
    time.now += 57 * minute
    const refused = get()
    exchanges[1]?.fail(denied)
    await expect(refused).rejects.toBe(denied)
  })

  it('survives a renewal that fails in the background', async () => {
    const { time, exchanges, get } = setUp()
    const first = get()
    exchanges[0]?.succeed(60 * minute)
    await first
    time.now += 51 * minute
    expect(await get()).toBe('key-1')
    exchanges[1]?.fail(down)
    await settle()
    expect(await get()).toBe('key-1')
    expect(exchanges).toHaveLength(2)
  })

  it('lets one caller leave without ending the exchange for the others', async () => {
    const { exchanges, get } = setUp()
    const leaving = new AbortController()
    const gone = get('role', leaving.signal)
    const staying = get()
    leaving.abort(new Error('left'))
    await expect(gone).rejects.toThrow('left')
    expect(exchanges[0]?.signal.aborted).toBe(false)
    exchanges[0]?.succeed(60 * minute)
    expect(await staying).toBe('key-1')
    await expect(get('role', leaving.signal)).rejects.toThrow('left')
  })

  it('tells what was lost on the way as a failure of the network that cost nothing', async () => {
    const { exchanges, get } = setUp()
    const timedOut = get()
    exchanges[0]?.fail(new GatewayError('upstream_timeout', 'late', { reason: 'timeout', costly: true }))
    await expect(timedOut).rejects.toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
  })

  it('ends exchanges as the gateway stops, also those that heed no signal', async () => {
    const closing = new AbortController()
    const { exchanges, get } = setUp({ closing: closing.signal })
    const waiting = get()
    closing.abort(new Error('stopping'))
    await expect(waiting).rejects.toMatchObject({ reason: 'network' })
    expect(exchanges[0]?.signal.aborted).toBe(true)
  })

  it('ends an exchange at its deadline', async () => {
    const clock = { now: () => 0, monotonic: () => 0 }
    const cache = createAwsKeyCache({ clock, closing: never, deadlineMs: 20 })
    const hanging = cache.get('role', () => new Promise(() => {}), never)
    await expect(hanging).rejects.toMatchObject({ reason: 'network', costly: false })
  })

  it('forgets the id that was not asked for the longest', async () => {
    const { exchanges, get } = setUp({ maxEntries: 2 })
    for (const id of ['a', 'b', 'a', 'c']) {
      const keys = get(id)
      exchanges.at(-1)?.succeed(60 * minute)
      await keys
    }
    expect(exchanges).toHaveLength(3)
    expect(await get('a')).toBe('key-1')
    const forgotten = get('b')
    exchanges.at(-1)?.succeed(60 * minute)
    expect(await forgotten).toBe('key-4')
  })
})
