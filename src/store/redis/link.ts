import { setTimeout as sleep } from 'node:timers/promises'
import { createListeners } from '../listeners.ts'
import type { Command } from './commands.ts'
import { RedisFailure } from './failure.ts'
import type { Session, SessionOptions } from './session.ts'

export type OpenOptions = Pick<SessionOptions, 'last' | 'signal' | 'onRefusal'>

export interface LinkOptions {
  /** Opens a session; `last` is where the one before was. */
  readonly open: (options: OpenOptions) => Promise<Session>
  readonly random: () => number
  /** Called when Redis cannot be reached, or is lost. */
  readonly onWarning: (message: string) => void
}

/** The way to Redis, found again for ever whenever it is lost. */
export interface Link {
  /** Whether there is a session, and writes are taken. */
  up(): boolean
  onChange(listener: (up: boolean) => void): () => void
  /** As `Session.send`, for reading also where no writes are taken; fails at once while there is no session. */
  send(command: Command, options: Parameters<Session['send']>[1]): Promise<unknown>
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 1_000
/** A session that lasted shorter did not mend anything. */
const LASTING_MS = 5_000

export function createLink({ open, random, onWarning }: LinkOptions): Link {
  const controller = new AbortController()
  const { signal } = controller
  const listeners = createListeners<boolean>()
  let session: Session | null = null
  let last: Session['address'] | null = null
  let said: string | null = null
  let wasUp = false

  const isUp = () => session !== null && session.refusal() === null

  /** The same thing is said once, until there is another or it is well again. */
  function warn(message: string): void {
    if (message === said || signal.aborted) return
    said = message
    onWarning(message)
  }

  /** What becomes of a server that answers and takes no writes is the same as of one that is away. */
  function tell(): void {
    const refusal = session?.refusal() ?? null
    if (refusal !== null) warn(`Redis takes no writes: ${refusal.message}`)
    else if (session !== null) said = null
    if (isUp() === wasUp) return
    wasUp = isUp()
    listeners.tell(wasUp)
  }

  /** Answers how long the session lasted, ms; 0 where there was none. */
  async function liveOnce(): Promise<number> {
    try {
      session = await open({ last, signal, onRefusal: tell })
    } catch (error) {
      warn(`Redis cannot be reached: ${error instanceof Error ? error.message : ''}`)
      return 0
    }
    const began = performance.now()
    last = session.address
    tell()
    const reason = await session.lost
    session = null
    warn(`Redis was lost: ${reason.message}`)
    tell()
    return performance.now() - began
  }

  async function live(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    while (!signal.aborted) {
      if ((await liveOnce()) > LASTING_MS) pauseMs = FIRST_PAUSE_MS
      await sleep(pauseMs * (0.5 + 0.5 * random()), undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)
    }
  }

  const ended = live()

  return {
    up: isUp,
    onChange: (listener) => listeners.add(listener),
    async send(command, options) {
      if (session === null)
        throw new RedisFailure(signal.aborted ? 'the store is closed' : 'Redis is not connected')
      return session.send(command, options)
    },
    async close() {
      controller.abort(new RedisFailure('the store is closed'))
      await ended
    },
  }
}
