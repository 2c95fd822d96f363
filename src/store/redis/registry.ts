import { randomBytes } from 'node:crypto'
import { BatchTooLarge, checkBatch, MAX_DELETED } from '../bounds.ts'
import type { RegistryPosition, RegistryStore } from '../contract.ts'
import type { Listeners } from '../listeners.ts'
import { createFetch, type FetchOptions, memberOf } from './fetch.ts'

export interface RegistryOptions extends FetchOptions {
  readonly news: Listeners<RegistryPosition>
}

/** Of one batch: Redis does nothing else while it writes it, about a second for twice as many. */
const MAX_CHANGES = 50_000
/** A batch may take this much longer for each byte, ms: 2 MB/s. */
const MS_PER_BYTE = 1 / 2_000
const LARGE_BYTES = 100_000

export function createRegistry({ run, keys, timeoutMs, news }: RegistryOptions): RegistryStore {
  const names = [keys.registry, keys.entities, keys.changes, keys.deleted, keys.audit]

  return {
    fetch: createFetch({ run, keys, timeoutMs }),
    async commit(batch, expected) {
      checkBatch(batch, expected)
      const { puts, deletes, audit } = batch
      const changes = puts.length + deletes.length + audit.length
      if (changes > MAX_CHANGES) throw new BatchTooLarge(changes, MAX_CHANGES)
      const content = [
        ...puts.flatMap((entity) => [memberOf(entity), entity.json]),
        ...deletes.map(memberOf),
        ...audit.flatMap(({ sequence, at, json }) => [`${sequence}`, `${sequence} ${at} ${json}`]),
      ]
      const counts = [puts, deletes, audit].map(({ length }) => `${length}`)
      const place = [expected?.epoch ?? '', `${expected?.revision ?? ''}`]
      const epoch = randomBytes(12).toString('hex')
      const head = [epoch, ...place, keys.registryChannel, `${MAX_DELETED}`, ...counts]
      const bytes = content.reduce((sum, text) => sum + text.length, 0)
      const extraMs = bytes > LARGE_BYTES ? bytes * MS_PER_BYTE : 0
      const [now, revision] = (await run('commit', names, [...head, ...content], extraMs)) as string[]
      if (now === undefined) return { kind: 'conflict' }
      return { kind: 'committed', position: { epoch: now, revision: Number(revision) } }
    },
    watch: (listener) => news.add(listener),
  }
}

/** What the script `commit` says on its channel. */
export function readPosition(message: string): RegistryPosition | null {
  const [epoch, revision] = message.split(' ')
  return epoch && revision ? { epoch, revision: Number(revision) } : null
}
