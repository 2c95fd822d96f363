import type { Redis } from 'ioredis'
import { type ClientOptions, openClient } from './client.ts'
import { type Command, createCommands } from './commands.ts'
import { within } from './deadline.ts'
import { RedisFailure } from './failure.ts'
import { locate } from './locate.ts'
import { readServerFacts } from './server-facts.ts'
import type { Address, Settings } from './settings.ts'

export interface SessionOptions {
  readonly settings: Settings
  readonly describe: (error: unknown) => RedisFailure
  /** Any key of ours: it says whether this server still has them. */
  readonly key: string
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  readonly onWarning: (message: string) => void
  readonly last: Address | null
  /** Until it is open. */
  readonly timeoutMs: number
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly signal: AbortSignal
}

/** Two connections to the server that takes our writes: for commands, and for what it tells. Both or none. */
export interface Session {
  readonly address: Address
  /** Resolves with the reason once it is over. */
  readonly lost: Promise<RedisFailure>
  /** Rejects with a RedisFailure: on an error, after `ms`, and at once when the session is over. Answers bytes where `asBytes`. */
  send(command: Command, options: { ms: number; isLong?: boolean; asBytes?: boolean }): Promise<unknown>
  end(reason: RedisFailure): void
}

/** Codes of errors that say that this is the wrong server by now. */
const DISPLACED = ['MOVED', 'READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH']
/** And that it still is the right one, though it has not all keys any more, or not yet. */
const MOVING = ['ASK', 'TRYAGAIN']
/** Commands without an answer; beyond that they fail at once. */
const MAX_PENDING = 10_000

/** Opens a session, or rejects with a RedisFailure within a few times `timeoutMs`. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { settings, describe, signal, timeoutMs, key, last } = options
  const controller = new AbortController()
  const end = (reason: RedisFailure) => controller.abort(reason)
  const endOutside = () => end(new RedisFailure('the store is closed'))
  signal.addEventListener('abort', endOutside, { once: true })
  controller.signal.addEventListener('abort', () => signal.removeEventListener('abort', endOutside), {
    once: true,
  })
  const common = { settings, describe, timeoutMs, signal: controller.signal }
  try {
    signal.throwIfAborted()
    const address = await locate({ ...common, key, last })
    const opening = { ...common, address, database: settings.database }
    const [commands, subscriber] = await Promise.all([openClient(opening), openClient(opening)])
    for (const client of [commands, subscriber])
      client.once('end', () => end(new RedisFailure('the connection was lost')))
    await within(prepare(commands, subscriber, address, options), {
      ms: timeoutMs,
      signal: controller.signal,
      onTimeout: () => new RedisFailure('no answer in time'),
    })
    return begin({ commands, subscriber, opening, end, options, signal: controller.signal })
  } catch (error) {
    const failure = describe(error)
    end(failure)
    throw failure
  }
}

async function prepare(
  commands: Redis,
  subscriber: Redis,
  { host, port }: Address,
  { key, channels, onMessage, onWarning, describe }: SessionOptions,
): Promise<void> {
  const info = await commands.info().catch((error: unknown) => {
    const failure = describe(error)
    if (failure.code === 'NOPERM') return ''
    throw failure
  })
  const { unfit, warnings } = readServerFacts(info)
  if (unfit !== null) throw new RedisFailure(`${host}:${port}: ${unfit}`, 'READONLY')
  for (const warning of warnings) onWarning(warning)
  await commands.exists(key).catch((error: unknown) => {
    const failure = describe(error)
    if (!MOVING.includes(failure.code ?? '')) throw failure
  })
  subscriber.on('message', onMessage)
  await subscriber.subscribe(...channels)
}

interface Parts {
  readonly commands: Redis
  readonly subscriber: Redis
  readonly opening: ClientOptions
  readonly end: (reason: RedisFailure) => void
  readonly options: SessionOptions
  readonly signal: AbortSignal
}

function begin({ commands, subscriber, opening, end, options, signal }: Parts): Session {
  const { describe, key, pingIntervalMs, pingTimeoutMs } = options
  const send = createCommands({ client: commands, opening })
  let pending = 0
  /** Long commands hold up the others; each has its own deadline. */
  let long = 0

  function check(answer: Promise<unknown>, isStillRight: (failure: RedisFailure) => boolean): void {
    within(answer, { ms: pingTimeoutMs, signal, onTimeout: silent }).catch((error: unknown) => {
      const failure = describe(error)
      if (!isStillRight(failure)) end(failure)
    })
  }

  const timer = setInterval(() => {
    check(subscriber.ping(), () => false)
    if (long === 0) check(commands.exists(key), ({ code }) => MOVING.includes(code ?? ''))
  }, pingIntervalMs)
  const lost = new Promise<RedisFailure>((resolve) => {
    const over = () => {
      clearInterval(timer)
      resolve(describe(signal.reason))
    }
    if (signal.aborted) over()
    else signal.addEventListener('abort', over, { once: true })
  })

  return {
    address: opening.address,
    lost,
    async send(command, { ms, isLong = false, asBytes = false }) {
      if (pending >= MAX_PENDING) throw new RedisFailure('too many commands are waiting for an answer')
      pending += 1
      if (isLong) long += 1
      try {
        return await within(send(command, ms, asBytes), { ms, signal, onTimeout: silent })
      } catch (error) {
        const failure = describe(error)
        const isDisplaced = DISPLACED.includes(failure.code ?? '')
        if (isDisplaced || (isLong && failure.code === null)) end(failure)
        throw failure
      } finally {
        pending -= 1
        if (isLong) long -= 1
      }
    },
    end,
  }
}

function silent(): RedisFailure {
  return new RedisFailure('no answer in time')
}
