import type { Clock } from '../../core/clock.ts'

export interface Restarts {
  /** A place's worker is being started. */
  begun(place: number): void
  /** It serves. */
  served(place: number): void
  /** It has ended. Answers how long to wait before the next one, ms; null: to go on would only hide the fault. */
  ended(place: number): number | null
}

export interface RestartsOptions {
  readonly places: number
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random?: () => number
  readonly firstMs?: number
  readonly longestMs?: number
  /** Who has served so long has not failed at the start, ms. */
  readonly steadyMs?: number
  /** So many short lives in a row in every place, while none serves, are the end. */
  readonly mostLives?: number
}

interface Place {
  begunAt: number
  isServing: boolean
  shortLives: number
}

/**
 * When a worker that ended is started again: at once after a long life, otherwise after a pause that doubles with each
 * short one. While any place serves, the others are tried for ever; where none does, and none ever has or all had their
 * lives, it is for whoever started this process to know.
 */
export function createRestarts({
  places: count,
  clock,
  random = Math.random,
  firstMs = 250,
  longestMs = 30_000,
  steadyMs = 60_000,
  mostLives = 5,
}: RestartsOptions): Restarts {
  const places = Array.from({ length: count }, (): Place => ({
    begunAt: 0,
    isServing: false,
    shortLives: 0,
  }))
  let hasServed = false

  function isHopeless(): boolean {
    if (places.some(({ isServing }) => isServing)) return false
    return places.every(({ shortLives }) => shortLives >= (hasServed ? mostLives : 1))
  }

  const of = (place: number) => places[place] as Place

  return {
    begun(place) {
      of(place).begunAt = clock.monotonic()
    },
    served(place) {
      hasServed = true
      of(place).isServing = true
    },
    ended(place) {
      const one = of(place)
      const isShort = !one.isServing || clock.monotonic() - one.begunAt < steadyMs
      one.isServing = false
      one.shortLives = isShort ? one.shortLives + 1 : 0
      if (isHopeless()) return null
      const pauseMs = Math.min(longestMs, firstMs * 2 ** Math.max(0, one.shortLives - 1))
      return one.shortLives === 0 ? 0 : pauseMs * (0.9 + 0.2 * random())
    },
  }
}
