import { performance } from 'node:perf_hooks'

/** Time as a parameter: `now` is the wall clock in ms since 1970, `monotonic` only ever grows (ms, fractions). */
export interface Clock {
  now(): number
  monotonic(): number
}

// Of the same name there is a global, which is looked up by a getter, at each of a request's fifteen looks.
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
