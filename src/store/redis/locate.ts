import type { Redis } from 'ioredis'
import { openClient, type ClientOptions } from './client.ts'
import { within } from './deadline.ts'
import { RedisFailure } from './failure.ts'
import { type Address, parseAddress } from './settings.ts'

export interface LocateOptions extends Omit<ClientOptions, 'address'> {
  /** Any key of ours: all of them are at one place. */
  readonly key: string
  /** Where it was last, if that is known. */
  readonly last: Address | null
}

/** Where the one server is that takes our writes. Throws a RedisFailure where nobody says. */
export async function locate(options: LocateOptions): Promise<Address> {
  const { kind, addresses } = options.settings
  switch (kind) {
    case 'standalone':
      return addresses[0] as Address
    case 'sentinel':
      return agree(addresses.map((address) => askSentinel(address, options)))
    case 'cluster': {
      const nodes = options.last === null ? addresses : [...addresses, options.last]
      return agree(nodes.map((address) => askNode(address, options)))
    }
  }
}

async function askSentinel(address: Address, options: LocateOptions): Promise<Address> {
  const { sentinelName } = options.settings
  const ask = (isAnonymous: boolean) =>
    withClient({ ...options, address, isAnonymous }, async (client) => {
      const answer: unknown = await client.call('SENTINEL', ['get-master-addr-by-name', sentinelName])
      if (!Array.isArray(answer)) throw new RedisFailure(`no sentinel knows a master named ${sentinelName}`)
      return { host: String(answer[0]), port: Number(answer[1]) }
    })
  return ask(true).catch((error: unknown) => {
    if (error instanceof RedisFailure && error.code === 'NOAUTH') return ask(false)
    throw error
  })
}

/** A node says of a key that it does not have, where it is. */
async function askNode(address: Address, options: LocateOptions): Promise<Address> {
  return withClient({ ...options, address }, async (client) => {
    try {
      await client.exists(options.key)
      return address
    } catch (error) {
      const failure = options.describe(error)
      if (failure.code === 'ASK') return address
      if (failure.code !== 'MOVED') throw failure
      return redirection(failure, address)
    }
  })
}

/** Whom a `MOVED` or `ASK` names; a node that does not know its own address leaves the host out. */
export function redirection({ message }: RedisFailure, from: Address): Address {
  const { host, port } = parseAddress(message.split(' ')[2] ?? '')
  return { host: host === '' ? from.host : host, port }
}

async function withClient<Result>(
  options: ClientOptions,
  work: (client: Redis) => Promise<Result>,
): Promise<Result> {
  const client = await openClient(options)
  const { timeoutMs: ms, signal, describe } = options
  try {
    return await within(work(client), { ms, signal, onTimeout: () => new RedisFailure('no answer in time') })
  } catch (error) {
    throw describe(error)
  } finally {
    client.disconnect()
  }
}

/**
 * What more than half of those asked say; once all have answered, what most say. Some may have been away, and not know
 * of a failover.
 */
function agree(asked: readonly Promise<Address>[]): Promise<Address> {
  return new Promise((resolve, reject) => {
    const votes = new Map<string, { readonly address: Address; count: number }>()
    let fault: unknown = new RedisFailure('nobody to ask')
    let open = asked.length
    function settle(): void {
      open -= 1
      const [best] = [...votes.values()].toSorted((one, other) => other.count - one.count)
      if (best !== undefined && (open === 0 || best.count * 2 > asked.length)) resolve(best.address)
      else if (open === 0) reject(fault as Error)
    }
    for (const answer of asked) {
      answer.then(
        (address) => {
          const name = `${address.host}:${address.port}`
          const vote = votes.get(name) ?? { address, count: 0 }
          vote.count += 1
          votes.set(name, vote)
          settle()
        },
        (error: unknown) => {
          fault = error
          settle()
        },
      )
    }
  })
}
