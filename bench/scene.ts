import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { createIdentity } from './gateway-config.ts'
import type { Target, UpstreamScript } from './messages.ts'
import { createProcesses } from './processes.ts'
import { type Subject, type SubjectName, subjects } from './subjects.ts'

const here = (name: string) => new URL(name, import.meta.url).pathname
const proxyCore = 0
const loadCore = 1

export interface Scene {
  /** The subject, started when it is first asked for and kept; null: not installed. */
  shared(name: SubjectName): Promise<Subject | null>
  /** One that nobody has used, the caller's to stop. */
  fresh(name: SubjectName): Promise<Subject | null>
  /** How the upstream answers from now on. */
  script(script: UpstreamScript): Promise<void>
  target(
    subject: Subject,
    request: { model?: string | undefined; promptBytes: number; isStream?: boolean },
  ): Target
  /** Asks the load to do something (`child/load.ts`). */
  load<T>(name: string, job: unknown, timeoutMs?: number): Promise<T>
  /** How far the two accounts of CPU lie apart, for each subject that is kept: a line each. */
  disagreement(): Promise<readonly string[]>
  stop(): Promise<void>
}

/** Starts the scripted upstream and the load, in a temporary folder that goes with them. */
export async function createScene(): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'modelgate-bench-'))
  const removeAtExit = () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', removeAtExit)
  const processes = createProcesses(dir)
  const identity = await createIdentity(dir)
  const node = { command: process.execPath, core: loadCore, isAnswering: true }
  const port = await freePort()
  const upstream = await processes.start({ ...node, port, args: [here('./child/upstream.ts'), String(port)] })
  const load = await processes.start({ ...node, port: null, args: [here('./child/load.ts')] })
  const kept = new Map<SubjectName, Promise<Subject | null>>()
  const fresh = (name: SubjectName) => subjects[name]({ processes, dir, identity, upstream, core: proxyCore })
  return {
    shared(name) {
      const known = kept.get(name) ?? fresh(name)
      kept.set(name, known)
      return known
    },
    fresh,
    script: (script) => upstream.ask('script', script),
    target: (subject, { model = 'bench', promptBytes, isStream = false }) => ({
      port: subject.port,
      headers: { authorization: `Bearer ${identity.token}`, ...subject.headers },
      model,
      promptBytes,
      isStream,
    }),
    load: (name, job, timeoutMs) => load.ask(name, job, timeoutMs),
    async disagreement() {
      const lines: string[] = []
      for (const [name, starting] of kept) {
        const subject = await starting
        if (subject === null) continue
        const seconds = (us: number) => (us / 1e6).toFixed(2)
        lines.push(
          `CPU of ${name}: ${seconds(subject.cpu())} s by schedstat, ${seconds(subject.ticks())} s by ticks`,
        )
      }
      return lines
    },
    async stop() {
      const started = await Promise.allSettled(kept.values())
      for (const one of started) if (one.status === 'fulfilled') await one.value?.stop()
      await load.stop()
      await upstream.stop()
      process.off('exit', removeAtExit)
      removeAtExit()
    },
  }
}
