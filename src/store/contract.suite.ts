import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_BLOB_BYTES, type Store } from './contract.ts'

/** What holds one state that several stores can be opened on, one after another or at once. */
export interface StoreHarness {
  open(): Promise<Store>
  /** Everything it opened is closed by then. */
  remove(): Promise<void>
}

/** What every store must do. */
export function storeContract(name: string, createHarness: () => Promise<StoreHarness>): void {
  describe(`${name}: sealed blobs`, () => {
    let harness: StoreHarness
    let opened: Store[]
    const open = async () => {
      const store = await harness.open()
      opened.push(store)
      return store
    }
    const bytes = (...values: number[]) => Uint8Array.from(values)

    beforeEach(async () => {
      harness = await createHarness()
      opened = []
    })
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()))
      await harness.remove()
    })

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
      const first = await harness.open()
      await first.blobs.create('key', bytes(7))
      await first.close()
      const { blobs } = await open()
      expect([...((await blobs.get('key')) ?? [])]).toEqual([7])
    })

    it('refuses a value beyond its bound, and keeps nothing of it', async () => {
      const { blobs } = await open()
      await expect(blobs.create('big', new Uint8Array(MAX_BLOB_BYTES + 1))).rejects.toThrow('larger than')
      expect(await blobs.get('big')).toBeNull()
      expect(await blobs.create('big', new Uint8Array(MAX_BLOB_BYTES))).toHaveLength(MAX_BLOB_BYTES)
    })

    it('is gone once closed: later calls reject', async () => {
      const store = await harness.open()
      await store.close()
      await expect(store.blobs.get('key')).rejects.toBeInstanceOf(Error)
      await expect(store.close()).resolves.toBeUndefined()
    })
  })
}
