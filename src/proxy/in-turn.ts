import type { Eventually } from '../core/provider.ts'

/**
 * Runs pieces of work one after another: at once, without a promise, as long as each finishes at once; behind what is
 * pending otherwise. A piece that fails is told to `onError`; the next still runs.
 */
export function createInTurn(onError: (error: unknown) => void): (work: () => Eventually<void>) => void {
  let tail: Promise<void> | null = null

  function follow(pending: Promise<void>): void {
    const settled = pending.catch(onError).then(() => {
      if (tail === settled) tail = null
    })
    tail = settled
  }

  return (work) => {
    if (tail !== null) return follow(tail.then(work))
    try {
      const pending = work()
      if (pending instanceof Promise) follow(pending)
    } catch (error) {
      onError(error)
    }
  }
}
