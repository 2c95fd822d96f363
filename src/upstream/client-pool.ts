import { Client } from 'undici'
import type { Clock } from '../core/clock.ts'
import type { Connect } from './connect.ts'

/** One undici client: one socket, one request at a time, connected anew if its socket closed while nobody used it. */
export interface PooledClient {
  readonly client: Client
  readonly origin: string
  /** Requests that have gone out on the present socket. */
  served: number
  /** When the last answer on it was complete, monotonic ms. */
  idleSince: number
  /** The present socket's own error, which undici does not always pass on. */
  socketError: Error | null
  isIdle: boolean
  /** Destroys the socket, or gives up the attempt to get one. */
  cancel: () => void
}

export interface ClientPoolOptions {
  readonly connect: Connect
  readonly clock: Clock
}

/**
 * Keep-alive clients by origin; the one used last is taken first, so that surplus ones fall idle and close. There is no
 * bound on their number of its own: one serves one request, and `limits.max_inflight` bounds those.
 */
export interface ClientPool {
  take(origin: string): PooledClient
  /** Its answer is complete: the next request may have it. */
  release(pooled: PooledClient): void
  /** Destroys its socket at once. Idempotent. */
  discard(pooled: PooledClient): void
  /** Waits for the requests under way. */
  close(): Promise<void>
  destroy(): Promise<void>
}

/**
 * Idle sockets are closed before the usual servers do it (uvicorn and Node after 5 s), or 2 s before the server says it
 * will (`keep-alive: timeout=`), but no later than middle boxes forget them.
 */
const keepAlive = { keepAliveTimeout: 4_000, keepAliveTimeoutThreshold: 2_000, keepAliveMaxTimeout: 60_000 }
const maxHeaderBytes = 64 * 1024

export function createClientPool({ connect, clock }: ClientPoolOptions): ClientPool {
  const all = new Set<PooledClient>()
  const idle = new Map<string, PooledClient[]>()
  const sockets = new Set<Promise<void>>()
  let emptied: PromiseWithResolvers<void> | null = null

  function open(origin: string): PooledClient {
    const pooled = openClient(origin, connect)
    pooled.client.on('disconnect', () => {
      if (pooled.isIdle) discard(pooled)
    })
    all.add(pooled)
    return pooled
  }

  function discard(pooled: PooledClient): void {
    if (!all.delete(pooled)) return
    if (pooled.isIdle) forgetIdle(pooled)
    pooled.cancel()
    const closed = pooled.client.destroy()
    sockets.add(closed)
    void closed.finally(() => sockets.delete(closed))
    if (all.size === 0) emptied?.resolve()
  }

  function forgetIdle(pooled: PooledClient): void {
    pooled.isIdle = false
    const others = idle.get(pooled.origin)?.filter((other) => other !== pooled) ?? []
    if (others.length > 0) idle.set(pooled.origin, others)
    else idle.delete(pooled.origin)
  }

  /** Discards those that `isDone` names; settles once all are, and their sockets closed. */
  async function empty(isDone: (pooled: PooledClient) => boolean): Promise<void> {
    emptied ??= Promise.withResolvers()
    for (const pooled of all) if (isDone(pooled)) discard(pooled)
    if (all.size > 0) await emptied.promise
    await Promise.all(sockets)
  }

  return {
    discard,
    take(origin) {
      const pooled = idle.get(origin)?.pop()
      if (pooled === undefined) return open(origin)
      pooled.isIdle = false
      return pooled
    },
    release(pooled) {
      if (!all.has(pooled)) return
      if (emptied !== null) return discard(pooled)
      pooled.isIdle = true
      pooled.idleSince = clock.monotonic()
      const others = idle.get(pooled.origin)
      if (others === undefined) idle.set(pooled.origin, [pooled])
      else others.push(pooled)
    },
    close: () => empty(({ isIdle }) => isIdle),
    destroy: () => empty(() => true),
  }
}

function openClient(origin: string, connect: Connect): PooledClient {
  const client = new Client(origin, {
    ...keepAlive,
    pipelining: 1,
    maxHeaderSize: maxHeaderBytes,
    // The exchange has deadlines of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      pooled.served = 0
      pooled.socketError = null
      pooled.cancel = connect(target, (error, socket) => {
        socket?.on('error', (itsError) => {
          pooled.socketError = itsError
        })
        if (socket === null) callback(error as Error, null)
        else callback(null, socket)
      })
    },
  })
  const pooled: PooledClient = {
    client,
    origin,
    served: 0,
    idleSince: 0,
    socketError: null,
    isIdle: false,
    cancel: () => {},
  }
  return pooled
}
