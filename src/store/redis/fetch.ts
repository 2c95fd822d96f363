import { randomBytes } from 'node:crypto'
import type { EntityKey, EntityKind, RegistryChanges, RegistryPosition, StoredEntity } from '../contract.ts'
import { RedisFailure } from './failure.ts'
import type { Keys } from './keys.ts'
import type { RunScript } from './scripts.ts'

export interface FetchOptions {
  readonly run: RunScript
  readonly keys: Keys
  readonly timeoutMs: number
}

/** Places in the log that one revision has; the script `commit` has the same number. */
const PLACES = 2 ** 20
const PAGE_ENTRIES = 1_000
const PAGE_BYTES = 512 * 1024

interface Page {
  readonly epoch: string
  readonly revision: number
  readonly floor: number
  readonly history: string
  readonly isLast: boolean
  /** Null JSON: deleted. */
  readonly changes: readonly { readonly member: string; readonly json: string | null }[]
  readonly place: string | null
}

/**
 * Reads the registry, in pages of the change log. What changes while it is read moves to the log's end and is read again
 * there, so that with the last page, which says where the registry stands by then, everything is as it was at that moment.
 */
export function createFetch({ run, keys, timeoutMs }: FetchOptions) {
  /** Of the data set that was last read to the end: another one may have lost what this one had, or have it differently. */
  let lastHistory: string | null = null

  async function readPage(place: string): Promise<Page> {
    const epoch = randomBytes(12).toString('hex')
    const names = [keys.registry, keys.changes, keys.entities]
    const answer = await run('fetch', names, [epoch, place, `${PAGE_ENTRIES}`, `${PAGE_BYTES}`])
    return parsePage(answer as (string | number | null)[])
  }

  /** Null: it must be begun anew. */
  async function read(
    since: RegistryPosition | null,
    isOver: () => boolean,
  ): Promise<RegistryChanges | null> {
    const known = new Map<string, string | null>()
    let place = since === null ? '0' : String((since.revision + 1) * PLACES)
    let first: Page | null = null
    for (;;) {
      const page = await readPage(place)
      first ??= page
      const from = since?.revision ?? first.revision
      const isSame = page.epoch === (since?.epoch ?? first.epoch) && page.history === first.history
      const isKnown = since === null || (page.history === lastHistory && since.revision <= page.revision)
      // Deleted ones that were still to come may be forgotten by now.
      if (!isSame || !isKnown || page.floor > from) return null
      for (const { member, json } of page.changes) known.set(member, json)
      if (page.isLast) {
        lastHistory = page.history
        return changesOf(page, known, since === null)
      }
      place = page.place ?? place
      if (isOver()) throw new RedisFailure('the registry could not be read in time')
    }
  }

  return async function fetch(since: RegistryPosition | null): Promise<RegistryChanges> {
    const end = performance.now() + timeoutMs
    const isOver = () => performance.now() > end
    const some = since === null ? null : await read(since, isOver)
    let changes = some
    while (changes === null) {
      if (isOver()) throw new RedisFailure('the registry could not be read in time')
      changes = await read(null, isOver)
    }
    return changes
  }
}

function parsePage([epoch, revision, floor, history, more, ...rest]: (string | number | null)[]): Page {
  const changes = []
  for (let index = 0; index < rest.length; index += 3) {
    changes.push({ member: String(rest[index]), json: rest[index + 2] as string | null })
  }
  return {
    epoch: String(epoch),
    revision: Number(revision),
    floor: Number(floor),
    history: String(history),
    isLast: more === 0,
    changes,
    place: (rest.at(-2) as string | undefined) ?? null,
  }
}

function changesOf(
  { epoch, revision }: Page,
  known: Map<string, string | null>,
  whole: boolean,
): RegistryChanges {
  const entities: StoredEntity[] = []
  const deleted: EntityKey[] = []
  for (const [member, json] of known) {
    const key = keyOf(member)
    if (json !== null) entities.push({ ...key, json })
    else if (!whole) deleted.push(key)
  }
  return { position: { epoch, revision }, whole, entities, deleted }
}

export function memberOf({ kind, id }: EntityKey): string {
  return `${kind}:${id}`
}

function keyOf(member: string): EntityKey {
  const colon = member.indexOf(':')
  return { kind: member.slice(0, colon) as EntityKind, id: member.slice(colon + 1) }
}
