import { performance } from 'node:perf_hooks'

/** Time as a parameter: `now` is the wall clock in ms since 1970, `monotonic` only ever grows (ms, fractions). */
export interface Clock {
  now(): number
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
