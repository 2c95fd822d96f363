import type { CooldownSettings } from './cooldown.ts'

/** One connection's recent past, in this process. Times are monotonic ms. */
export interface FailureWindow {
  succeeded(now: number): void
  /** Whether this failure is one too many. */
  failed(now: number): boolean
  clear(): void
}

const bucketCount = 12

/**
 * Counts failures in a row, and successes and failures over a sliding window of twelve buckets, so that memory does not
 * grow with traffic; the oldest bucket leaves as a whole.
 */
export function createFailureWindow(settings: CooldownSettings): FailureWindow {
  const { failures, failureRatio, minRequests, windowSeconds } = settings
  const bucketMs = (windowSeconds * 1_000) / bucketCount
  const total = Array<number>(bucketCount).fill(0)
  const failed = Array<number>(bucketCount).fill(0)
  let newest = 0
  let inARow = 0

  function bucketAt(now: number): number {
    const tick = Math.floor(now / bucketMs)
    if (tick > newest) {
      for (let passed = Math.max(newest + 1, tick - bucketCount + 1); passed <= tick; passed++) {
        total[passed % bucketCount] = 0
        failed[passed % bucketCount] = 0
      }
      newest = tick
    }
    return newest % bucketCount
  }

  function count(counts: number[], bucket: number): void {
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }

  return {
    succeeded(now) {
      inARow = 0
      count(total, bucketAt(now))
    },
    failed(now) {
      inARow++
      const bucket = bucketAt(now)
      count(total, bucket)
      count(failed, bucket)
      if (inARow >= failures) return true
      const requests = sum(total)
      return requests >= minRequests && sum(failed) > failureRatio * requests
    },
    clear() {
      inARow = 0
      total.fill(0)
      failed.fill(0)
    },
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((left, right) => left + right, 0)
}
