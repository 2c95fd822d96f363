import { describe, expect, it } from 'vitest'
import type { Evidence, Store } from '../contract.ts'
import { type CreateHarness, useHarness } from './harness.suite.ts'

function seen(id: string, kind: Evidence['kind'], ageMs: number, json = '{}'): Evidence {
  return { id, kind, ageMs, json }
}

export function evidenceContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: evidence`, () => {
    const { open, openReplicas } = useHarness(createHarness)
    const read = async ({ evidence }: Store) =>
      (await evidence.all())
        .map(({ id, kind, json }) => [id, kind, json].join(' '))
        .toSorted((one, other) => (one < other ? -1 : 1))

    it('is nothing at first', async () => {
      const { evidence } = await open()
      expect(await evidence.all()).toEqual([])
      await evidence.report([])
      expect(await evidence.all()).toEqual([])
    })

    it('is shown to every replica, with its age', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      await first.evidence.report([seen('con x:y', 'success', 5_000, '{"é":"1 2"}')])
      const [one, ...others] = await second.evidence.all()
      expect(others).toEqual([])
      expect(one).toEqual({ ...seen('con x:y', 'success', 0, '{"é":"1 2"}'), ageMs: expect.any(Number) })
      expect(one?.ageMs).toBeGreaterThanOrEqual(5_000)
      expect(one?.ageMs).toBeLessThan(15_000)
    })

    it('is the newest of each kind, in whatever order it comes', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      await first.evidence.report([
        seen('a', 'success', 20_000, 'middle'),
        seen('a', 'failure', 20_000, 'fails'),
        seen('credential:a', 'failure', 20_000, 'apart'),
      ])
      await second.evidence.report([seen('a', 'success', 30_000, 'late'), seen('b', 'success', 0, 'other')])
      await first.evidence.report([
        seen('a', 'success', 10_000, 'new'),
        seen('a', 'success', 15_000, 'newish'),
      ])
      expect(await read(second)).toEqual([
        'a failure fails',
        'a success new',
        'b success other',
        'credential:a failure apart',
      ])
    })

    it('is forgotten after more than a week', async () => {
      const { evidence } = await open()
      const day = 24 * 60 * 60 * 1000
      await evidence.report([seen('old', 'success', 7 * day + 1_000), seen('young', 'success', 6 * day)])
      await evidence.all()
      expect((await evidence.all()).map(({ id }) => id)).toEqual(['young'])
    })

    it('of 3,000 is kept at once', async () => {
      const store = await open()
      const many = Array.from({ length: 3_000 }, (_, index) =>
        seen(`con-${index}`, 'failure', index, 'x'.repeat(200)),
      )
      await store.evidence.report(many)
      const all = await store.evidence.all()
      expect(new Set(all.map(({ id }) => id)).size).toBe(3_000)
      expect(all).toHaveLength(3_000)
    })
  })
}
