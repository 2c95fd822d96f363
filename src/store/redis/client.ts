import { Redis } from 'ioredis'
import { connectorTo } from './connector.ts'
import { within } from './deadline.ts'
import { RedisFailure } from './failure.ts'
import type { Address, Settings } from './settings.ts'

export interface ClientOptions {
  readonly settings: Settings
  readonly address: Address
  readonly describe: (error: unknown) => RedisFailure
  /** Until it is ready. */
  readonly timeoutMs: number
  /** Ends it, whatever it is doing. */
  readonly signal: AbortSignal
  /** Sentinels may know nothing of the users that the data's servers know. */
  readonly isAnonymous?: boolean
  readonly database?: number
}

/** One connection to one server. It never connects again by itself, queues nothing while it is not there, and ends with the signal. */
export async function openClient(options: ClientOptions): Promise<Redis> {
  const { settings, address, describe, timeoutMs, signal, isAnonymous = false, database = 0 } = options
  const { username, password, tls } = settings
  signal.throwIfAborted()
  const client = new Redis({
    ...address,
    ...(tls !== null && { tls }),
    ...(!isAnonymous && username !== null && { username }),
    ...(!isAnonymous && password !== null && { password: password.reveal() }),
    db: database,
    connectionName: 'modelgate',
    disableClientInfo: true,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    Connector: connectorTo(address, tls),
    enableReadyCheck: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let fault: unknown = null
  // Without a listener an error would be printed; it stays on for as long as the client lives.
  client.on('error', (error: unknown) => {
    fault = error
  })
  const end = () => client.disconnect()
  signal.addEventListener('abort', end, { once: true })
  client.once('end', () => signal.removeEventListener('abort', end))
  const where = `${address.host}:${address.port}`
  try {
    const onTimeout = () => new RedisFailure('no answer in time')
    await within(client.connect(), { ms: timeoutMs, signal, onTimeout })
    return client
  } catch (error) {
    end()
    const { message, code } = describe(fault ?? error)
    throw new RedisFailure(message.includes(where) ? message : `${where}: ${message}`, code)
  }
}
