import { describe, expect, it } from 'vitest'
import { MAX_BLOB_BYTES } from '../contract.ts'
import { type CreateHarness, useHarness } from './harness.suite.ts'

export function blobsContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: sealed blobs`, () => {
    const { open } = useHarness(createHarness)
    const bytes = (...values: number[]) => Uint8Array.from(values)

    it('has nothing at first', async () => {
      const { blobs } = await open()
      expect(await blobs.get('signing-key')).toBeNull()
    })

    it('gives back the bytes that were created, all 256 values and none', async () => {
      const { blobs } = await open()
      const every = Uint8Array.from({ length: 256 }, (_, value) => value)
      expect(Uint8Array.from(await blobs.create('every', every))).toEqual(every)
      expect(Uint8Array.from((await blobs.get('every')) ?? bytes())).toEqual(every)
      expect(await blobs.create('none', bytes())).toHaveLength(0)
      expect(await blobs.get('none')).toHaveLength(0)
    })

    it('keeps names apart', async () => {
      const { blobs } = await open()
      await blobs.create('one', bytes(1))
      await blobs.create('One', bytes(2))
      await blobs.create("o'ne; --", bytes(3))
      expect([...((await blobs.get('one')) ?? [])]).toEqual([1])
      expect([...((await blobs.get('One')) ?? [])]).toEqual([2])
      expect([...((await blobs.get("o'ne; --")) ?? [])]).toEqual([3])
    })

    it('never replaces: a second create answers the first value', async () => {
      const { blobs } = await open()
      await blobs.create('key', bytes(1))
      expect([...(await blobs.create('key', bytes(2)))]).toEqual([1])
      expect([...((await blobs.get('key')) ?? [])]).toEqual([1])
    })

    it('gives every one of several creators the same winner', async () => {
      const stores = await Promise.all([open(), open(), open()])
      const attempts = stores.flatMap(({ blobs }, store) =>
        [1, 2, 3].map((attempt) => blobs.create('key', bytes(store, attempt))),
      )
      const answers = (await Promise.all(attempts)).map((answer) => [...answer].join())
      expect(new Set(answers).size).toBe(1)
    })

    it('survives closing', async () => {
      const first = await open()
      await first.blobs.create('key', bytes(7))
      await first.close()
      const { blobs } = await open()
      expect([...((await blobs.get('key')) ?? [])]).toEqual([7])
    })

    it('puts a value in the place of exactly the one that is there', async () => {
      const { blobs } = await open()
      const binary = bytes(0, 255, 10, 13, 128)
      await blobs.create('key', binary)
      expect(await blobs.replace('key', bytes(0, 255, 10, 13), bytes(1))).toBe(false)
      expect(await blobs.replace('key', binary, bytes(9, 0, 200))).toBe(true)
      expect([...((await blobs.get('key')) ?? [])]).toEqual([9, 0, 200])
      expect(await blobs.replace('key', binary, bytes(2))).toBe(false)
      expect(await blobs.replace('other', bytes(), bytes(2))).toBe(false)
      expect(await blobs.get('other')).toBeNull()
    })

    it('lets one of several replacements through', async () => {
      const stores = await Promise.all([open(), open(), open()])
      await stores[0]?.blobs.create('key', bytes(0))
      const attempts = stores.flatMap(({ blobs }, store) =>
        [1, 2, 3].map((attempt) => blobs.replace('key', bytes(0), bytes(store, attempt))),
      )
      const answers = await Promise.all(attempts)
      expect(answers.filter((isReplaced) => isReplaced)).toHaveLength(1)
      const winner = answers.indexOf(true)
      expect([...((await stores[1]?.blobs.get('key')) ?? [])]).toEqual([
        Math.floor(winner / 3),
        (winner % 3) + 1,
      ])
    })

    it('refuses a value beyond its bound, and keeps nothing of it', async () => {
      const { blobs } = await open()
      await expect(blobs.create('big', new Uint8Array(MAX_BLOB_BYTES + 1))).rejects.toThrow('larger than')
      expect(await blobs.get('big')).toBeNull()
      expect(await blobs.create('big', new Uint8Array(MAX_BLOB_BYTES))).toHaveLength(MAX_BLOB_BYTES)
      const replaced = blobs.replace(
        'big',
        new Uint8Array(MAX_BLOB_BYTES),
        new Uint8Array(MAX_BLOB_BYTES + 1),
      )
      await expect(replaced).rejects.toThrow('larger than')
    })

    it('is gone once closed: later calls reject', async () => {
      const store = await open()
      await store.close()
      await expect(store.blobs.get('key')).rejects.toBeInstanceOf(Error)
      await expect(store.close()).resolves.toBeUndefined()
    })
  })
}
