import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Question } from './child/answers.ts'
import { cpuUs, memoryOf, ticksUs } from './proc.ts'

export interface Running {
  readonly port: number
  readonly pid: number
  /** CPU of all threads so far, µs. */
  cpu(): number
  /** The same by the clock's ticks, to hold against it. */
  ticks(): number
  memory(): { readonly pss: number; readonly rss: number }
  /** Asks a Node process that answers (`child/answers.ts`). */
  ask<T>(name: string, argument?: unknown, timeoutMs?: number): Promise<T>
  stop(): Promise<void>
}

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly core: number
  /** Where it listens; null: nowhere, it is ready at once. */
  readonly port: number | null
  readonly env?: Readonly<Record<string, string>>
  /** Answered with 200 when it is ready; without it the port must only be open. */
  readonly readyPath?: string
  /** It takes questions. */
  readonly isAnswering?: boolean
}

export interface Processes {
  start(options: StartOptions): Promise<Running>
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']))
const startMs = 30_000

/**
 * Starts processes, each pinned to one core, with its output in a file of `dir`. They end with this process, even one
 * that is killed: the kernel is asked to see to it.
 */
export function createProcesses(dir: string): Processes {
  let started = 0
  return {
    async start({ command, args, core, port, env = {}, readyPath, isAnswering = false }) {
      const output = join(dir, `${started++}.log`)
      const file = openSync(output, 'w')
      const line = ['--pdeathsig', 'KILL', 'taskset', '-c', String(core), command, ...args]
      const child = spawn('setpriv', line, {
        stdio: ['ignore', file, file, ...(isAnswering ? ['ipc' as const] : [])],
        env: { ...process.env, ...env },
      })
      closeSync(file)
      const exited = new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.on('error', () => resolve())
      })
      const stop = async () => {
        child.kill('SIGKILL')
        await exited
      }
      try {
        if (port !== null) await ready(child, port, readyPath)
      } catch (error) {
        await stop()
        throw new Error(`${command} does not start: ${readFileSync(output, 'utf8').slice(-2000)}`, {
          cause: error,
        })
      }
      // Each command replaces itself by the next, so that the id is that of the last.
      const pid = child.pid ?? 0
      return {
        port: port ?? 0,
        pid,
        cpu: () => cpuUs(pid),
        ticks: () => ticksUs(pid, ticksPerSecond),
        memory: () => memoryOf(pid),
        ask: createAsk(child),
        stop,
      }
    },
  }
}

/** Questions to one process, each answered within its deadline or rejected. */
function createAsk(child: ChildProcess): Running['ask'] {
  const waiting = new Map<number, (answer: Answer) => void>()
  let asked = 0
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer))
  child.once('exit', (code, signal) => {
    for (const [id, settle] of waiting) settle({ id, error: `the process ended: ${code ?? signal}` })
  })
  return async <T>(name: string, argument: unknown = null, timeoutMs = 120_000): Promise<T> => {
    const id = asked++
    const deadline = AbortSignal.timeout(timeoutMs)
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve)
      deadline.addEventListener('abort', () =>
        resolve({ id, error: `no answer to ${name} in ${timeoutMs} ms` }),
      )
      if (!child.connected) return resolve({ id, error: 'the process takes no questions' })
      child.send({ id, name, argument } satisfies Question)
    })
    waiting.delete(id)
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`)
    return answer.value as T
  }
}

async function ready(child: ChildProcess, port: number, path: string | undefined): Promise<void> {
  const deadline = performance.now() + startMs
  for (;;) {
    if (path === undefined ? await isOpen(port) : await isOk(`http://127.0.0.1:${port}${path}`)) return
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended')
    if (performance.now() > deadline) throw new Error(`it does not listen after ${startMs} ms`)
    await sleep(20)
  }
}

async function isOk(url: string): Promise<boolean> {
  const answered = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => null)
  await answered?.arrayBuffer()
  return answered?.status === 200
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
