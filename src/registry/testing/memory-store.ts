import type { RegistryPosition, Store } from '../../store/contract.ts'
import {
  changesSince,
  commitTo,
  type Contents,
  copyContents,
  emptyContents,
  pruneAudit,
} from './memory-contents.ts'

/** What several replicas' stores share, and what may befall it. */
export interface MemoryServer {
  open(): Store
  /** Calls fail at once; links are lost. */
  down(isDown: boolean): void
  /** Calls are not answered until this is called with false; then they are answered, or fail if it is down. */
  hang(isHanging: boolean): void
  /** Commits are made and their answers lost. */
  loseAnswers(isLosing: boolean): void
  /** Nobody is told of commits. */
  mute(isMute: boolean): void
  /** Everything is gone, and another registry begins. */
  empty(): void
  /** Answers what brings back all that is there now. */
  remember(): () => void
  readonly contents: () => Contents
  /** How often it was called. */
  calls(): number
}

type Asked = <Result>(work: (contents: Contents) => Result) => Promise<Result>

/** A server in memory, for what no real one does on demand. */
export function createMemoryServer(): MemoryServer {
  let contents = emptyContents()
  let isDown = false
  let isLosing = false
  let isMute = false
  let calls = 0
  let answered: Promise<void> = Promise.resolve()
  let answer: () => void = () => undefined
  const watchers = new Set<(position: RegistryPosition) => void>()
  const links = new Set<(up: boolean) => void>()

  /** Reads and writes happen as one step, after the network. */
  const asked: Asked = async (work) => {
    calls += 1
    await answered
    await Promise.resolve()
    if (isDown) throw new Error('the store does not answer')
    return work(contents)
  }
  const commit: Store['registry']['commit'] = async (batch, expected) => {
    const result = await asked((there) => commitTo(there, batch, expected))
    const isNews = result.kind === 'committed' && batch.puts.length + batch.deletes.length > 0
    if (isNews && !isMute) for (const watcher of watchers) watcher(result.position)
    if (isLosing) throw new Error('the store does not answer')
    return result
  }

  return {
    open: () => ({
      ...partsOf(asked),
      registry: {
        fetch: (since) => asked((there) => changesSince(there, since)),
        commit,
        watch: (listener) => added(watchers, listener),
      },
      shared: true,
      up: () => !isDown,
      onLink: (listener) => added(links, listener),
      close: () => Promise.resolve(),
    }),
    down(next) {
      isDown = next
      for (const link of links) link(!next)
    },
    hang(isHanging) {
      answer()
      if (!isHanging) return
      answered = new Promise((resolve) => {
        answer = resolve
      })
    },
    loseAnswers(next) {
      isLosing = next
    },
    mute(next) {
      isMute = next
    },
    empty() {
      contents = emptyContents()
    },
    remember() {
      const remembered = copyContents(contents)
      return () => {
        contents = copyContents(remembered)
      }
    },
    contents: () => contents,
    calls: () => calls,
  }
}

function added<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function partsOf(asked: Asked): Pick<Store, 'audit' | 'blobs' | 'pool' | 'leases' | 'evidence'> {
  const notHere = () => Promise.reject(new Error('not kept here'))
  return {
    audit: {
      last: () => asked(({ audit }) => audit.at(-1) ?? null),
      page: ({ before, limit }) =>
        asked(({ audit }) =>
          audit
            .filter(({ sequence }) => before === null || sequence < before)
            .slice(-limit)
            .toReversed(),
        ),
      prune: (at) => asked((there) => pruneAudit(there, at)),
    },
    blobs: {
      get: (name) => asked(({ blobs }) => blobs.get(name) ?? null),
      create: (name, value) =>
        asked(({ blobs }) => {
          const there = blobs.get(name)
          if (there === undefined) blobs.set(name, value)
          return there ?? value
        }),
      replace: (name, current, next) =>
        asked(({ blobs }) => {
          const there = blobs.get(name)
          if (there === undefined || Buffer.compare(there, current) !== 0) return false
          blobs.set(name, next)
          return true
        }),
    },
    pool: {
      eject: notHere,
      restore: notHere,
      outages: notHere,
      firstSequence: notHere,
      watch: () => () => undefined,
    },
    leases: { take: notHere, release: notHere },
    evidence: { report: notHere, all: notHere },
  }
}
