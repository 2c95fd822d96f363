import type { RedisServer } from '../../test/support/redis-server.ts'

/** What a number of calls cost a Redis server, each, by its own account. */
export interface Cost {
  readonly name: string
  /** µs of the server's CPU, user and system. */
  readonly cpuUs: number
  readonly bytesIn: number
  readonly bytesOut: number
}

interface Account {
  readonly cpuUs: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What the server has used since it was started. */
async function account(server: RedisServer): Promise<Account> {
  const text = String(await server.call('info', 'everything'))
  const read = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    cpuUs: (read('used_cpu_user') + read('used_cpu_sys')) * 1_000_000,
    bytesIn: read('total_net_input_bytes'),
    bytesOut: read('total_net_output_bytes'),
  }
}

export interface MeasureOptions {
  readonly name: string
  readonly calls: number
  /** How many are asked at once. */
  readonly width?: number
  readonly call: (index: number) => Promise<unknown>
}

/** The difference of two accounts, divided by the calls in between. What the server does by itself is in it, and small. */
export async function measure(
  server: RedisServer,
  { name, calls, width = 32, call }: MeasureOptions,
): Promise<Cost> {
  await call(0)
  const before = await account(server)
  let next = 1
  const worker = async () => {
    while (next <= calls) await call(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
  const after = await account(server)
  return {
    name,
    cpuUs: (after.cpuUs - before.cpuUs) / calls,
    bytesIn: (after.bytesIn - before.bytesIn) / calls,
    bytesOut: (after.bytesOut - before.bytesOut) / calls,
  }
}
