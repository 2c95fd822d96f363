import { Cancellation, type Signal } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'

export interface InParallelOptions<Item, Result> {
  readonly items: readonly Item[]
  /** Pieces of work that are under way at once. */
  readonly width: number
  readonly signal: Signal
  readonly work: (item: Item, signal: Signal) => Promise<Result>
}

/** Bounded concurrency, results in the order of the items; the first failure stops the rest. */
export async function inParallel<Item, Result>(options: InParallelOptions<Item, Result>): Promise<Result[]> {
  const { items, width, signal, work } = options
  const either = new Cancellation()
  const giveUp = () => either.abort(signal.reason)
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp)
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length && !either.aborted) {
      const index = next++
      results[index] = await work(items[index] as Item, either)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
    return results
  } catch (error) {
    either.abort(new GatewayError('upstream_error', 'Another part of the same request failed.'))
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
