import type { Clock } from '../../core/clock.ts'
import type { Evidence, EvidenceStore } from '../../store/contract.ts'
import {
  decodeSighting,
  encodeSighting,
  merged,
  newer,
  nothingSeen,
  type Sighting,
  type Sightings,
} from './sightings.ts'

/** What was seen here, by id, and what other replicas have told of the same. */
export interface Notebook {
  note(id: string, kind: Evidence['kind'], sighting: Sighting): void
  /** The newest of each kind, whoever saw it. */
  seen(id: string): Sightings
  /** Tells the store what it has not been told yet. Rejects as the store does; what was not told is told next time. */
  tell(): Promise<void>
  /** Reads what there is to know. Rejects as the store does, and what was known stays. */
  read(): Promise<void>
  /** The store may have forgotten: everything is told again. */
  forgetTold(): void
  /** Lets go of what was noted of others than these. `newest`: when it was noted last, ms since 1970. */
  retain(isKept: (id: string, newest: number) => boolean): void
}

interface Page {
  sightings: Sightings
  /** Up to when the store knows of each kind. */
  toldSuccess: number
  toldFailure: number
}

/** In one call to the store. */
const mostAtOnce = 1_000

export function createNotebook({ store, clock }: { store: EvidenceStore; clock: Clock }): Notebook {
  const pages = new Map<string, Page>()
  // Decoded when somebody asks, once: of many thousands, few are ever looked at.
  let others: ReadonlyMap<string, readonly Evidence[]> = new Map()
  let decoded = new Map<string, Sightings>()
  let readAt = 0

  function pageOf(id: string): Page {
    const known = pages.get(id)
    if (known !== undefined) return known
    const page: Page = { sightings: nothingSeen, toldSuccess: -Infinity, toldFailure: -Infinity }
    pages.set(id, page)
    return page
  }

  function told(id: string): Sightings {
    const evidence = others.get(id)
    if (evidence === undefined) return nothingSeen
    const known = decoded.get(id)
    if (known !== undefined) return known
    const sightings = evidence.reduce<Sightings>(
      (seen, one) => merged(seen, { ...nothingSeen, [one.kind]: decodeSighting(one, readAt) }),
      nothingSeen,
    )
    decoded.set(id, sightings)
    return sightings
  }

  function untold(): { evidence: Evidence; done: () => void }[] {
    const now = clock.now()
    const found: { evidence: Evidence; done: () => void }[] = []
    const add = (id: string, kind: Evidence['kind'], sighting: Sighting, done: () => void) => {
      const evidence = { id, kind, ageMs: Math.max(0, now - sighting.at), json: encodeSighting(sighting) }
      found.push({ evidence, done })
    }
    for (const [id, page] of pages) {
      const { success, failure } = page.sightings
      if (success !== null && success.at > page.toldSuccess)
        add(id, 'success', success, () => (page.toldSuccess = success.at))
      if (failure !== null && failure.at > page.toldFailure)
        add(id, 'failure', failure, () => (page.toldFailure = failure.at))
    }
    return found
  }

  return {
    note(id, kind, sighting) {
      const page = pageOf(id)
      page.sightings = { ...page.sightings, [kind]: newer(page.sightings[kind], sighting) }
    },
    // What was seen here is known best: the store's word of the same comes back without its moment.
    seen: (id) => merged(told(id), pages.get(id)?.sightings ?? nothingSeen),
    async tell() {
      const news = untold()
      for (let from = 0; from < news.length; from += mostAtOnce) {
        const batch = news.slice(from, from + mostAtOnce)
        await store.report(batch.map(({ evidence }) => evidence))
        for (const { done } of batch) done()
      }
    },
    async read() {
      const all = await store.all()
      readAt = clock.now()
      others = Map.groupBy(all, ({ id }) => id)
      decoded = new Map()
    },
    forgetTold() {
      for (const page of pages.values()) {
        page.toldSuccess = -Infinity
        page.toldFailure = -Infinity
      }
    },
    retain(isKept) {
      for (const [id, { sightings }] of pages) {
        const { success, failure } = sightings
        if (!isKept(id, Math.max(success?.at ?? 0, failure?.at ?? 0))) pages.delete(id)
      }
    },
  }
}
