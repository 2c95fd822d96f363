import { readFileSync } from 'node:fs'
import { request, type RequestOptions } from 'node:http'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import type { Gateway } from './gateway.ts'
import { userMessage } from './scene.ts'
import { until } from './wait.ts'

export interface Crew {
  readonly fleet: Fleet
  readonly gateway: Gateway
}

export interface CrewOptions extends Omit<FleetOptions, 'replicas'> {
  readonly workers?: number
}

/** One gateway of several workers. */
export async function createCrew({ workers = 2, config, ...options }: CrewOptions): Promise<Crew> {
  const fleet = await createFleet({
    ...options,
    config: (urls) => ({ workers, ...config?.(urls) }),
  })
  return { fleet, gateway: fleet.replicas[0] as Gateway }
}

/** Process ids of the workers that were ever started, the newest last. */
export function workerPids(gateway: Gateway): number[] {
  return gateway.log().flatMap((line) => (line['msg'] === 'a worker serves' ? Number(line['pid']) : []))
}

/** Whether a process is there, and not only its exit code. */
export function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function expectGone(pids: readonly number[], timeoutMs = 10_000): Promise<void> {
  await until('no process is left', () => !pids.some(isThere), { timeoutMs })
}

export interface Answered {
  readonly status: number
  readonly body: string
}

/** One chat over a connection of its own, so that workers take turns. Rejects where that is broken off. */
export function chatAlone(
  { url }: Pick<Gateway, 'url'>,
  token: string,
  body: Record<string, unknown> = {},
): Promise<Answered> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const text = JSON.stringify({ model: 'gpt', messages: [userMessage], ...body })
  return askAlone(`${url}/v1/chat/completions`, { method: 'POST', headers }, text)
}

/** The sum of a metric's samples, asked for over a connection of its own: a killed worker may hold others. */
export async function countAlone({ url }: Pick<Gateway, 'url'>, name: string): Promise<number> {
  const { body } = await askAlone(`${url}/metrics`)
  const lines = body.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

export function askAlone(url: string, options: RequestOptions = {}, body = ''): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false, timeout: 10_000 })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 10 s')))
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    outgoing.end(body)
  })
}
