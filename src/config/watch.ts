import { withDeadline } from '../access/deadline.ts'
import { readIfChanged, type ReadFile } from '../access/watched-file.ts'
import type { Fault } from './fault.ts'
import type { Config, FileVersions, LoadResult } from './load.ts'

export interface ConfigWatcher {
  /** Reads everything again now, changed or not. */
  reload(): Promise<void>
  /** Reads everything again if a file has changed: the configuration, what it names as `${file:…}`, certificates. */
  check(): Promise<void>
  /** No further reads; one under way is not reported. Idempotent. */
  stop(): void
}

export interface ConfigWatcherOptions {
  load: () => Promise<LoadResult>
  /** What the first load, which is the owner's, has looked at. */
  files: FileVersions
  /** A configuration without faults. Must not throw. */
  onChange: (config: Config) => void
  /** The file has faults: what was in force stays. Must not throw. */
  onFault: (faults: readonly Fault[]) => void
  intervalMs?: number
  readFile?: ReadFile
  /** Where SIGHUP comes from. */
  signals?: Pick<NodeJS.EventEmitter, 'on' | 'off'>
  /** Repeats a task until the answer is called. */
  every?: (ms: number, task: () => void) => () => void
}

const READ_TIMEOUT_MS = 5_000

/** Editors and copies empty a file before they write it: taken up then, it would be no models and no issuers at all. */
const emptied: Fault = { line: null, column: null, path: '', message: 'the file is empty' }

/** Takes up a changed configuration: on SIGHUP, and by looking at its files (links are followed, as for mounted secrets). */
export function createConfigWatcher({
  load,
  files,
  onChange,
  onFault,
  intervalMs = 2_000,
  readFile = readIfChanged,
  signals = process,
  every = repeat,
}: ConfigWatcherOptions): ConfigWatcher {
  let versions = files
  let isStopped = false
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0

  /** One at a time; a fault of the loader's own is told like one of the file. */
  function enqueue(task: () => Promise<void>): Promise<void> {
    waiting += 1
    queue = queue
      .then(async () => (isStopped ? undefined : task()))
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : 'the configuration cannot be read'
        onFault([{ line: null, column: null, path: '', message }])
      })
      .finally(() => {
        waiting -= 1
      })
    return queue
  }

  async function hasChanged(path: string, version: string | null): Promise<boolean> {
    try {
      return (await withDeadline(READ_TIMEOUT_MS, () => readFile(path, version))) !== null
    } catch {
      return version !== null
    }
  }

  async function loadAnew(): Promise<void> {
    const result = await load()
    if (isStopped) return
    versions = result.files
    if ('faults' in result) onFault(result.faults)
    else if (result.isEmpty === true) onFault([emptied])
    else onChange(result.config)
  }

  const reload = () => enqueue(loadAnew)
  const check = () =>
    enqueue(async () => {
      for (const [path, version] of versions) {
        if (await hasChanged(path, version)) return loadAnew()
      }
    })
  const onSignal = () => void reload()
  // A slow disk must not make checks pile up.
  const stopChecks = every(intervalMs, () => void (waiting === 0 && check()))
  signals.on('SIGHUP', onSignal)

  return {
    reload,
    check,
    stop() {
      isStopped = true
      stopChecks()
      signals.off('SIGHUP', onSignal)
    },
  }
}

function repeat(ms: number, task: () => void): () => void {
  const timer = setInterval(task, ms)
  timer.unref()
  return () => clearInterval(timer)
}
