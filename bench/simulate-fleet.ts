import { type Costs, measureCosts } from './fleet/costs.ts'
import { simulateHerd } from './fleet/herd.ts'
import type { Second } from './fleet/server-time.ts'
import { outageMs, perModel, quietMs, simulateStorm } from './fleet/storm.ts'

// What replicas and Redis cost one another: scripts measured on a real server, and an outage of every connection
// simulated with the gateway's own pools (docs/scaling.md). FLEET_REPLICAS=10,100 FLEET_MODELS=20

const say = (text: string) => process.stdout.write(`${text}\n`)
const numbers = (text: string) => text.split(',').map(Number)
const replicas = numbers(process.env['FLEET_REPLICAS'] ?? '10,50,100')
const models = numbers(process.env['FLEET_MODELS'] ?? '20')
const herds = numbers(process.env['FLEET_HERDS'] ?? '100,300,1000')
const entities = numbers(process.env['FLEET_ENTITIES'] ?? '1000,10000')
const requestsPerSecond = Number(process.env['FLEET_REQUESTS'] ?? '2')

function tellCosts(costs: Costs): void {
  say('A call, by the server’s own account: µs of CPU, bytes in, bytes out')
  for (const { name, cpuUs, bytesIn, bytesOut } of Object.values(costs) as Costs['eject'][])
    say(
      `  ${name.padEnd(34)} ${cpuUs.toFixed(2).padStart(8)} ${bytesIn.toFixed(0).padStart(7)} ${bytesOut.toFixed(0).padStart(7)}`,
    )
}

const sum = (numbers_: readonly number[]) => numbers_.reduce((total, one) => total + one, 0)
const callsOf = ({ calls }: Second) => sum(Object.values(calls))

function tellSpan(name: string, seconds: readonly Second[]): void {
  const some = seconds.filter((one) => one !== undefined)
  const peak = (read: (second: Second) => number) => Math.max(0, ...some.map(read))
  const byName = new Map<string, number>()
  for (const { calls } of some)
    for (const [call, count] of Object.entries(calls)) byName.set(call, (byName.get(call) ?? 0) + count)
  say(
    `  ${name}: calls ${sum(some.map(callsOf))} (peak ${peak(callsOf)}/s: ` +
      `${[...byName].map(([call, count]) => `${call} ${count}`).join(', ')}), ` +
      `messages ${sum(some.map(({ messages }) => messages))} (peak ${peak(({ messages }) => messages)}/s), ` +
      `Redis busy at most ${peak(({ busyMs }) => busyMs / 10).toFixed(1)} %, ` +
      `${(peak(({ bytesOut }) => bytesOut) / 1e6).toFixed(1)} MB/s told, ` +
      `longest answer ${peak(({ wait }) => wait).toFixed(0)} ms, late ${sum(some.map(({ late }) => late))}`,
  )
}

const costs = await measureCosts()
tellCosts(costs)
for (const count of herds) {
  for (const size of entities) {
    const { doneAfterMs, begun, lost, waitMs, seconds } = await simulateHerd({
      replicas: count,
      entities: size,
      costs,
    })
    const busy = sum(seconds.map((one) => one?.busyMs ?? 0)) / 1_000
    const late = sum(seconds.map((one) => one?.late ?? 0))
    say(
      `\nRedis restarted: ${count} replicas read ${size} entities: done after ` +
        `${doneAfterMs === null ? 'more than ten minutes' : `${(doneAfterMs / 1_000).toFixed(1)} s`}, ` +
        `${begun} readings, ${late} answers too late (${lost} signs of life), longest wait ${waitMs.toFixed(0)} ms, ` +
        `${busy.toFixed(1)} s of Redis`,
    )
  }
}
for (const count of replicas) {
  for (const width of models) {
    const begun = performance.now()
    const storm = await simulateStorm({ replicas: count, models: width, requestsPerSecond, costs })
    const took = ((performance.now() - begun) / 1_000).toFixed(0)
    const ms = (value: number | null) => (value === null ? 'never' : `${value.toFixed(0)} ms`)
    const ends = (quietMs + outageMs) / 1_000
    say(`\n${count} replicas, ${width * perModel} connections, all out for a minute (simulated in ${took} s)`)
    tellSpan('before', storm.seconds.slice(5, 10))
    tellSpan('first 3 s', storm.seconds.slice(10, 13))
    tellSpan('the rest of it', storm.seconds.slice(13, ends))
    tellSpan('after', storm.seconds.slice(ends))
    say(
      `  known everywhere after ${ms(storm.knownAfterMs)}; ${storm.attemptsMeanwhile} requests reached providers from ` +
        `then on; every model served everywhere ${ms(storm.servedAfterMs)} after the end`,
    )
  }
}
