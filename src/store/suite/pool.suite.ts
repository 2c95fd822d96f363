import { describe, expect, it } from 'vitest'
import type { OutageChange, Store } from '../contract.ts'
import { type CreateHarness, eventually, useHarness } from './harness.suite.ts'

export function poolContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: pool`, () => {
    const { open, openReplicas } = useHarness(createHarness)
    const long = 60_000

    it('has nobody out at first', async () => {
      const { pool } = await open()
      expect(await pool.outages()).toEqual(new Map())
    })

    it('shows every replica who is out, why, and for how long', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      const json = '{"message":"1 2 é 😀"}'
      const told = await first.pool.eject('con-1 x:y', { remainingMs: long, json })
      expect(told).toMatchObject({ json, sequence: expect.any(Number) })
      const outages = await second.pool.outages()
      expect([...outages.keys()]).toEqual(['con-1 x:y'])
      const outage = outages.get('con-1 x:y')
      expect(outage).toMatchObject({ json, sequence: told.sequence })
      expect(outage?.remainingMs).toBeLessThanOrEqual(long)
      expect(outage?.remainingMs).toBeGreaterThan(long - 10_000)
    })

    it('keeps the later one of two outages', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      const longer = await first.pool.eject('con', { remainingMs: long, json: 'longer' })
      const standing = await second.pool.eject('con', { remainingMs: 1_000, json: 'shorter' })
      expect(standing).toMatchObject({ json: 'longer', sequence: longer.sequence })
      expect(standing.remainingMs).toBeGreaterThan(long - 10_000)
      const longest = await second.pool.eject('con', { remainingMs: 2 * long, json: 'longest' })
      expect(longest).toMatchObject({ json: 'longest' })
      expect(longest.sequence).toBeGreaterThan(longer.sequence)
      expect((await first.pool.outages()).get('con')).toMatchObject({
        json: 'longest',
        sequence: longest.sequence,
      })
    })

    it('agrees on one of many that are told at once', async () => {
      const stores = await openReplicas<Store[]>(3)
      const answers = await Promise.all(
        stores.flatMap(({ pool }, replica) =>
          [3, 1, 2].map((times) =>
            pool.eject('con', { remainingMs: long * times + replica * 1_000, json: `${times}${replica}` }),
          ),
        ),
      )
      for (const { pool } of stores) expect((await pool.outages()).get('con')?.json).toBe('32')
      const told = new Map(answers.map(({ sequence, json }) => [sequence, json]))
      expect(new Set(told.values()).size).toBe(told.size)
    })

    it('keeps an outage that is over until somebody restores it, and takes a new one in its place', async () => {
      const { pool } = await open()
      const first = await pool.eject('con', { remainingMs: 15, json: 'first' })
      const over = await eventually(
        async () => (await pool.outages()).get('con'),
        (outage) => outage?.remainingMs === 0,
      )
      expect(over).toEqual({ remainingMs: 0, json: 'first', sequence: first.sequence })
      expect(await pool.eject('con', { remainingMs: 0, json: 'told again' })).toEqual(over)
      const second = await pool.eject('con', { remainingMs: long, json: 'second' })
      expect(second.sequence).toBeGreaterThan(first.sequence)
      expect((await pool.outages()).get('con')?.json).toBe('second')
    })

    it('restores, for all', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      const { sequence } = await first.pool.eject('con', { remainingMs: long, json: '' })
      await first.pool.eject('other', { remainingMs: long, json: '' })
      expect(await second.pool.restore('con', sequence)).toBe(true)
      expect([...(await first.pool.outages()).keys()]).toEqual(['other'])
      expect(await first.pool.restore('con', sequence)).toBe(true)
      expect(await first.pool.restore('never out', 1)).toBe(true)
    })

    it('does not restore what has gone out again since', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      const early = await first.pool.eject('con', { remainingMs: 1_000, json: '' })
      const late = await second.pool.eject('con', { remainingMs: long, json: '' })
      expect(await first.pool.restore('con', early.sequence)).toBe(false)
      expect((await first.pool.outages()).get('con')?.sequence).toBe(late.sequence)
      expect(await first.pool.restore('con', late.sequence)).toBe(true)
      const again = await first.pool.eject('con', { remainingMs: 1_000, json: '' })
      expect(again.sequence).toBeGreaterThan(late.sequence)
    })

    it('tells every replica of every change, in order', async () => {
      const [first, second] = await openReplicas<[Store, Store]>(2)
      const heard: OutageChange[] = []
      const own: OutageChange[] = []
      const ended: OutageChange[] = []
      first.pool.watch((change) => own.push(change))
      second.pool.watch((change) => heard.push(change))
      second.pool.watch((change) => ended.push(change))()
      const { sequence } = await first.pool.eject('con', { remainingMs: long, json: '{"é":1}' })
      await first.pool.eject('con', { remainingMs: 10, json: 'shorter' })
      await second.pool.restore('con', sequence - 1)
      await second.pool.restore('con', sequence)
      const outage = { remainingMs: expect.any(Number), json: '{"é":1}', sequence }
      const changes = [
        { connectionId: 'con', outage, sequence },
        { connectionId: 'con', outage, sequence },
        { connectionId: 'con', outage: null, sequence },
      ]
      expect(
        await eventually(
          () => heard,
          ({ length }) => length >= 3,
        ),
      ).toEqual(changes)
      expect(
        await eventually(
          () => own,
          ({ length }) => length >= 3,
        ),
      ).toEqual(changes)
      expect(heard[0]?.outage?.remainingMs).toBeGreaterThan(long - 10_000)
      expect(heard[0]?.outage?.remainingMs).toBeLessThanOrEqual(long)
      expect(ended).toEqual([])
    })

    it('knows the sequence of the first outage, and keeps it', async () => {
      const { pool } = await open()
      expect(await pool.firstSequence()).toBe(Infinity)
      const { sequence } = await pool.eject('con', { remainingMs: long, json: '1' })
      expect(await pool.firstSequence()).toBe(sequence)
      await pool.restore('con', sequence)
      await pool.eject('other', { remainingMs: long, json: '2' })
      expect(await pool.firstSequence()).toBe(sequence)
    })

    it('holds 3,000 outages', async () => {
      const { pool } = await open()
      const json = JSON.stringify({ message: 'x'.repeat(200) })
      const ids = Array.from({ length: 3_000 }, (_, index) => `con-${index}`)
      for (let from = 0; from < ids.length; from += 100) {
        await Promise.all(
          ids.slice(from, from + 100).map((id) => pool.eject(id, { remainingMs: long, json })),
        )
      }
      const outages = await pool.outages()
      expect([...outages.keys()].toSorted()).toEqual(ids.toSorted())
      expect(new Set([...outages.values()].map(({ sequence }) => sequence)).size).toBe(3_000)
    })
  })
}
