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
  /** Another, to write to. */
  readonly sign: string
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  readonly onWarning: (message: string) => void
  /** It takes no writes any more, or (null) takes them again. */
  readonly onRefusal: (refusal: RedisFailure | null) => void
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
  /** Why it takes no writes, though it answers; null: it takes them. */
  refusal(): RedisFailure | null
  /** Rejects with a RedisFailure: on an error, after `ms`, and at once when the session is over. Answers bytes where `asBytes`. */
  send(command: Command, options: { ms: number; isLong?: boolean; asBytes?: boolean }): Promise<unknown>
  end(reason: RedisFailure): void
}

/** Codes of errors that say that this is the wrong server by now. */
const DISPLACED = ['MOVED', 'READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH']
/** And that it still is the right one, though it has not all keys any more, or not yet. */
const MOVING = ['ASK', 'TRYAGAIN']
/** That it answers, and takes no writes: memory, disk or replicas are missing, or the right to run scripts. */
const REFUSING = ['OOM', 'MISCONF', 'NOREPLICAS', 'NOPERM']
/** By a script, as everything is written here. */
const WRITE = "return redis.call('SET', KEYS[1], '', 'PX', 1)"
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
    const refusal = await within(prepare(commands, subscriber, address, options), {
      ms: timeoutMs,
      signal: controller.signal,
      onTimeout: () => new RedisFailure('no answer in time'),
    })
    return begin({ commands, subscriber, opening, end, options, refusal, signal: controller.signal })
  } catch (error) {
    const failure = describe(error)
    end(failure)
    throw failure
  }
}

/** Answers why no writes are taken. */
async function prepare(
  commands: Redis,
  subscriber: Redis,
  { host, port }: Address,
  { key, sign, channels, onMessage, onWarning, describe }: SessionOptions,
): Promise<RedisFailure | null> {
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
  return refusalOf(commands.eval(WRITE, 1, sign), describe)
}

/** Null where it is no refusal: what else may be wrong is found out otherwise. */
async function refusalOf(
  writing: Promise<unknown>,
  describe: SessionOptions['describe'],
): Promise<RedisFailure | null> {
  try {
    await writing
    return null
  } catch (error) {
    const failure = describe(error)
    return isRefusal(failure) ? failure : null
  }
}

function isRefusal({ code }: RedisFailure): boolean {
  return REFUSING.includes(code ?? '')
}

interface Parts {
  readonly commands: Redis
  readonly subscriber: Redis
  readonly opening: ClientOptions
  readonly end: (reason: RedisFailure) => void
  readonly options: SessionOptions
  readonly refusal: RedisFailure | null
  readonly signal: AbortSignal
}

function begin(parts: Parts): Session {
  const { commands, subscriber, opening, end, options, signal } = parts
  const { describe, key, sign, onRefusal, pingIntervalMs, pingTimeoutMs } = options
  const send = createCommands({ client: commands, opening })
  let { refusal } = parts
  let pending = 0
  /** Long commands hold up the others; each has its own deadline. */
  let long = 0

  function check(answer: Promise<unknown>, isStillRight: (failure: RedisFailure) => boolean): void {
    within(answer, { ms: pingTimeoutMs, signal, onTimeout: silent }).catch((error: unknown) => {
      const failure = describe(error)
      if (!isStillRight(failure)) end(failure)
    })
  }

  function noteRefusal(now: RedisFailure | null): void {
    const isNews = (now === null) !== (refusal === null)
    refusal = now
    if (isNews && !signal.aborted) onRefusal(now)
  }

  const timer = setInterval(() => {
    check(subscriber.ping(), () => false)
    if (long > 0) return
    check(commands.exists(key), ({ code }) => MOVING.includes(code ?? ''))
    if (refusal !== null) void refusalOf(commands.eval(WRITE, 1, sign), describe).then(noteRefusal)
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
    refusal: () => refusal,
    async send(command, { ms, isLong = false, asBytes = false }) {
      if (pending >= MAX_PENDING) throw new RedisFailure('too many commands are waiting for an answer')
      pending += 1
      if (isLong) long += 1
      try {
        return await within(send(command, ms, asBytes), { ms, signal, onTimeout: silent })
      } catch (error) {
        const failure = describe(error)
        if (isRefusal(failure)) noteRefusal(failure)
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
