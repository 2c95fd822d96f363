import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach } from 'vitest'
import type { Store } from '../contract.ts'

/** What holds one state that several stores can be opened on, one after another or at once. */
export interface StoreHarness {
  /** Answers a store that is up. */
  open(): Promise<Store>
  /** Everything it opened is closed by then. */
  remove(): Promise<void>
}

export type CreateHarness = () => Promise<StoreHarness>

/** A state of its own for each test of the `describe` that this is called in. */
export function useHarness(createHarness: CreateHarness) {
  let harness: StoreHarness
  let opened: Store[]

  beforeEach(async () => {
    opened = []
    harness = await createHarness()
  })
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()))
    await harness.remove()
  })

  async function open(): Promise<Store> {
    const store = await harness.open()
    opened.push(store)
    return store
  }

  /** As many replicas: where a store cannot be shared, one store stands for all of them. */
  async function openReplicas<Replicas extends Store[]>(count: Replicas['length']): Promise<Replicas> {
    const first = await open()
    const others = Array.from({ length: count - 1 }, () => (first.shared ? open() : Promise.resolve(first)))
    return [first, ...(await Promise.all(others))] as Replicas
  }

  return { open, openReplicas }
}

/** Asks again and again until the answer is as wanted; answers the last one in any case. */
export async function eventually<Result>(
  ask: () => Result | Promise<Result>,
  isWanted: (result: Result) => boolean,
  timeoutMs = 5_000,
): Promise<Result> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const result = await ask()
    if (isWanted(result) || performance.now() > end) return result
    await sleep(5)
  }
}
