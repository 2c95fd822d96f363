import { describe, expect, it } from 'vitest'
import type { Store, StoredAuditEntry } from '../contract.ts'
import { type CreateHarness, useHarness } from './harness.suite.ts'

function entries(from: number, to: number, at = (sequence: number) => sequence * 10): StoredAuditEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const sequence = from + index
    return { sequence, at: at(sequence), json: `{"number":${sequence},"text":"1 2 é"}` }
  })
}

async function append({ registry }: Store, audit: readonly StoredAuditEntry[]) {
  return registry.commit({ puts: [], deletes: [], audit }, null)
}

async function all({ audit }: Store): Promise<StoredAuditEntry[]> {
  return [...(await audit.page({ before: null, limit: 1_000 }))]
}

export function auditContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: audit trail`, () => {
    const { open } = useHarness(createHarness)

    it('has nothing at first', async () => {
      const store = await open()
      expect(await store.audit.last()).toBeNull()
      expect(await all(store)).toEqual([])
      expect(await store.audit.prune(Date.now())).toBe(0)
    })

    it('keeps entries that come alone, and leaves the revision alone', async () => {
      const store = await open()
      const { position } = await store.registry.fetch(null)
      expect(await append(store, entries(1, 2))).toEqual({ kind: 'committed', position })
      expect(await append(store, entries(3, 3))).toEqual({ kind: 'committed', position })
      await store.close()
      const again = await open()
      expect(await again.audit.last()).toEqual(entries(3, 3)[0])
      expect(await all(again)).toEqual(entries(1, 3).toReversed())
    })

    it('keeps entries together with the change that they tell of', async () => {
      const { registry, audit } = await open()
      const { position } = await registry.fetch(null)
      const puts = [{ kind: 'team' as const, id: 't', json: '{}' }]
      expect(await registry.commit({ puts, deletes: [], audit: entries(1, 1) }, position)).toEqual({
        kind: 'committed',
        position: { ...position, revision: 1 },
      })
      expect(await audit.last()).toEqual(entries(1, 1)[0])
    })

    it('refuses what does not continue it, with the change that came along', async () => {
      const store = await open()
      const { position } = await store.registry.fetch(null)
      expect(await append(store, entries(2, 2))).toEqual({ kind: 'conflict' })
      await append(store, entries(1, 3))
      const wrong = [entries(3, 3), entries(5, 6), [...entries(4, 4), ...entries(6, 6)], entries(1, 1)]
      const puts = [{ kind: 'team' as const, id: 't', json: '{}' }]
      for (const audit of wrong) {
        expect(await append(store, audit)).toEqual({ kind: 'conflict' })
        expect(await store.registry.commit({ puts, deletes: [], audit }, position)).toEqual({
          kind: 'conflict',
        })
      }
      expect(await all(store)).toEqual(entries(1, 3).toReversed())
      expect(await store.registry.fetch(null)).toMatchObject({ position, entities: [] })
    })

    it('refuses a time that is none, and writes nothing', async () => {
      const store = await open()
      for (const at of [-1, 1.5, Number.NaN, Infinity]) {
        await expect(
          append(
            store,
            entries(1, 1, () => at),
          ),
        ).rejects.toThrow('milliseconds')
      }
      expect(await store.audit.last()).toBeNull()
    })

    it('lets one of several through at each place', async () => {
      const stores = await Promise.all([open(), open(), open()])
      for (let sequence = 1; sequence <= 5; sequence += 1) {
        const results = await Promise.all(
          stores.flatMap((store) => [1, 2].map(() => append(store, entries(sequence, sequence)))),
        )
        expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
      }
      for (const store of stores) expect(await all(store)).toEqual(entries(1, 5).toReversed())
    })

    it('is paged from the newest to the oldest', async () => {
      const store = await open()
      await append(store, entries(1, 25))
      const page = async (before: number | null, limit: number) =>
        (await store.audit.page({ before, limit })).map(({ sequence }) => sequence)
      expect(await page(null, 3)).toEqual([25, 24, 23])
      expect(await page(23, 3)).toEqual([22, 21, 20])
      expect(await page(100, 2)).toEqual([25, 24])
      expect(await page(3, 10)).toEqual([2, 1])
      expect(await page(2, 1)).toEqual([1])
      expect(await page(1, 10)).toEqual([])
      for (const limit of [0, 1_001, 1.5]) await expect(page(null, limit)).rejects.toThrow('1,000')
    })

    it('lets go of the oldest, up to the first that is to stay', async () => {
      const store = await open()
      // Another writer's clock: the fourth is older than the third.
      const times = [10, 20, 60, 30, 70]
      await append(
        store,
        entries(1, 5, (sequence) => times[sequence - 1] ?? 0),
      )
      expect(await store.audit.prune(10)).toBe(0)
      expect(await store.audit.prune(50)).toBe(2)
      expect((await all(store)).map(({ sequence }) => sequence)).toEqual([5, 4, 3])
      const rest = await store.audit.page({ before: 4, limit: 10 })
      expect(rest.map(({ sequence }) => sequence)).toEqual([3])
    })

    it('never lets go of the newest, so that the trail goes on from it', async () => {
      const store = await open()
      await append(store, entries(1, 2_500))
      expect(await store.audit.prune(1_000_000)).toBe(2_499)
      expect(await all(store)).toEqual(entries(2_500, 2_500))
      expect(await store.audit.prune(1_000_000)).toBe(0)
      expect(await append(store, entries(1, 1))).toEqual({ kind: 'conflict' })
      expect(await append(store, entries(2_501, 2_501))).toMatchObject({ kind: 'committed' })
      expect(await all(store)).toEqual(entries(2_500, 2_501).toReversed())
    })
  })
}
