import type { Redis } from 'ioredis'
import { type ClientOptions, openClient } from './client.ts'
import { redirection } from './locate.ts'
import type { Address } from './settings.ts'

export type Argument = string | Uint8Array
export type Command = readonly [name: string, ...args: Argument[]]

export interface CommandsOptions {
  readonly client: Redis
  /** How other nodes of a cluster are reached. */
  readonly opening: ClientOptions
}

/** Between attempts while a slot's keys are on two servers, ms. */
const TRY_AGAIN_MS = 25

/**
 * Sends a command, and sends it on while the keys of our slot are being moved to another node of the cluster: key by key,
 * so that one that is not there is to be asked for there. Rejects with a RedisFailure, but may take for ever.
 */
export function createCommands({ client, opening }: CommandsOptions) {
  const { describe, signal } = opening
  const others = new Map<string, Promise<Redis>>()

  function otherAt(address: Address): Promise<Redis> {
    const name = `${address.host}:${address.port}`
    const known = others.get(name)
    if (known !== undefined) return known
    const opened = openClient({ ...opening, address })
    others.set(name, opened)
    const forget = () => others.delete(name)
    opened.then((other) => other.once('end', forget), forget)
    return opened
  }

  async function attempt(command: Command, asBytes: boolean): Promise<unknown> {
    try {
      return await call(client, command, asBytes)
    } catch (error) {
      const failure = describe(error)
      if (failure.code !== 'ASK') throw failure
      const other = await otherAt(redirection(failure, opening.address))
      // Written in one turn, so that nothing comes in between.
      const [, answer] = await Promise.all([other.call('ASKING'), call(other, command, asBytes)])
      return answer
    }
  }

  return async function send(command: Command, ms: number, asBytes: boolean): Promise<unknown> {
    const until = performance.now() + ms
    for (;;) {
      try {
        return await attempt(command, asBytes)
      } catch (error) {
        const failure = describe(error)
        if (failure.code !== 'TRYAGAIN' || performance.now() > until || signal.aborted) throw failure
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
      }
    }
  }
}

function call(client: Redis, [name, ...args]: Command, asBytes: boolean): Promise<unknown> {
  const sent = args.map((arg) => (typeof arg === 'string' ? arg : Buffer.from(arg)))
  return asBytes ? client.callBuffer(name, sent) : client.call(name, sent)
}
