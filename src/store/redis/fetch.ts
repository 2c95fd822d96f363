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
/**
 * Small, since a whole fleet may read at once. Each replica asks for one page at a time, and Redis answers in turn: others
 * wait for as long as all replicas' pages take, 0.3 s for a thousand of them, of the second that signs of life have.
 */
const PAGE_ENTRIES = 100
const PAGE_BYTES = 64 * 1024

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

/** How far a reading has come. */
interface Reading {
  first: Page | null
  /** After which it goes on. */
  place: string
  readonly known: Map<string, string | null>
}

/**
 * Reads the registry, in pages of the change log. What changes while it is read moves to the log's end and is read again
 * there, so that with the last page, which says where the registry stands by then, everything is as it was at that moment.
 * So a reading of everything that broke off is no less good: the next call goes on with it.
 */
export function createFetch({ run, keys, timeoutMs }: FetchOptions) {
  /** Of the data set that was last read to the end: another one may have lost what this one had, or have it differently. */
  let lastHistory: string | null = null
  let brokenOff: Reading | null = null

  async function readPage(place: string): Promise<Page> {
    const epoch = randomBytes(12).toString('hex')
    const names = [keys.registry, keys.changes, keys.entities]
    const answer = await run('fetch', names, [epoch, place, `${PAGE_ENTRIES}`, `${PAGE_BYTES}`])
    return parsePage(answer as (string | number | null)[])
  }

  /** Null: it must be begun anew. */
  async function read(
    reading: Reading,
    since: RegistryPosition | null,
    isOver: () => boolean,
  ): Promise<RegistryChanges | null> {
    for (;;) {
      const page = await readPage(reading.place)
      const first = (reading.first ??= page)
      const from = since ?? first
      const isSame = page.epoch === from.epoch && page.history === first.history
      const isKnown = since === null || page.history === lastHistory
      // Deleted ones that were still to come may be forgotten by now.
      const isWhole = from.revision <= page.revision && page.floor <= from.revision
      if (!isSame || !isKnown || !isWhole) return null
      for (const { member, json } of page.changes) reading.known.set(member, json)
      if (page.isLast) {
        lastHistory = page.history
        return changesOf(page, reading.known, since === null)
      }
      reading.place = page.place ?? reading.place
      if (isOver()) throw new RedisFailure('the registry could not be read in time')
    }
  }

  async function readAll(isOver: () => boolean): Promise<RegistryChanges | null> {
    const reading = brokenOff ?? begin('0')
    // Nobody else goes on with it meanwhile.
    brokenOff = null
    try {
      return await read(reading, null, isOver)
    } catch (error) {
      brokenOff = reading
      throw error
    }
  }

  return async function fetch(since: RegistryPosition | null): Promise<RegistryChanges> {
    const end = performance.now() + timeoutMs
    const isOver = () => performance.now() > end
    const place = String(((since?.revision ?? 0) + 1) * PLACES)
    let changes = since === null ? null : await read(begin(place), since, isOver)
    while (changes === null) {
      if (isOver()) throw new RedisFailure('the registry could not be read in time')
      changes = await readAll(isOver)
    }
    brokenOff = null
    return changes
  }
}

function begin(place: string): Reading {
  return { first: null, place, known: new Map() }
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
