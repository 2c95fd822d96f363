export interface Batches<Item> {
  /** Takes an item; it is handled after what the event loop is busy with. */
  readonly add: (item: Item) => void
  /** Handles what waits, now. */
  drain(): void
}

/**
 * Handles items together, off the way of whoever brings them: under load many requests end in one turn of the event
 * loop, and what is done for all of them at once runs from warm caches. Nothing waits longer than a turn.
 */
export function inBatches<Item>(handle: (item: Item) => void): Batches<Item> {
  let waiting: Item[] = []

  function drain(): void {
    const batch = waiting
    waiting = []
    for (const item of batch) handle(item)
  }

  return {
    add(item) {
      if (waiting.length === 0) setImmediate(drain)
      waiting.push(item)
    },
    drain,
  }
}
