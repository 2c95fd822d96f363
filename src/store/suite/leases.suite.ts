import { describe, expect, it } from 'vitest'
import type { Store } from '../contract.ts'
import { type CreateHarness, eventually, useHarness } from './harness.suite.ts'

export function leasesContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: leases`, () => {
    const { openReplicas } = useHarness(createHarness)
    const long = 60_000

    it('are held by one at a time, who may prolong them', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      expect(await first.leases.take('trial', 'a', long)).toEqual({ held: true, remainingMs: long })
      const refused = await second.leases.take('trial', 'b', long)
      expect(refused.held).toBe(false)
      expect(refused.remainingMs).toBeGreaterThan(long - 10_000)
      expect(refused.remainingMs).toBeLessThanOrEqual(long)
      expect(await first.leases.take('trial', 'a', 2 * long)).toEqual({ held: true, remainingMs: 2 * long })
      expect((await second.leases.take('trial', 'b', long)).remainingMs).toBeGreaterThan(long)
    })

    it('are apart by name', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      expect(await first.leases.take('trial:x', 'a', long)).toMatchObject({ held: true })
      expect(await second.leases.take('trial:y', 'b', long)).toMatchObject({ held: true })
      expect(await second.leases.take('trial', 'b', long)).toMatchObject({ held: true })
    })

    it('end by themselves', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      await first.leases.take('trial', 'a', 40)
      expect(await second.leases.take('trial', 'b', 40)).toMatchObject({ held: false })
      const taken = await eventually(
        () => second.leases.take('trial', 'b', long),
        ({ held }) => held,
      )
      expect(taken.held).toBe(true)
      expect(await first.leases.take('trial', 'a', long)).toMatchObject({ held: false })
    })

    it('are given up by their holder alone', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      await first.leases.take('trial', 'a', long)
      await second.leases.release('trial', 'b')
      expect(await second.leases.take('trial', 'b', long)).toMatchObject({ held: false })
      await first.leases.release('trial', 'a')
      expect(await second.leases.take('trial', 'b', long)).toMatchObject({ held: true })
      await first.leases.release('trial', 'a')
      expect(await first.leases.take('trial', 'a', long)).toMatchObject({ held: false })
      await first.leases.release('never', 'a')
    })

    it('fall to one of many who ask at once', async () => {
      const stores = await openReplicas<Store[]>(3)
      for (const round of [1, 2, 3]) {
        const answers = await Promise.all(
          stores.flatMap(({ leases }, replica) =>
            Array.from({ length: 20 }, (_, index) =>
              leases.take(`trial${round}`, `${replica} ${index}`, long),
            ),
          ),
        )
        expect(answers.filter(({ held }) => held)).toHaveLength(1)
      }
    })
  })
}
