import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../store/contract.ts'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { testCredential, testId } from './testing/large-registry.ts'
import { createReplicas, type Replica, somebody } from './testing/replica.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const [old, next] = [`default:${encodedKey(1)}`, `new:${encodedKey(2)}`]
const COUNT = 40
const { replica, stop } = createReplicas()

describe('replicas that disagree on which master key is active', () => {
  let dataDir: string
  let stores: Store[]

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'modelgate-keys-'))
    stores = []
  })
  afterEach(async () => {
    await stop()
    await Promise.all(stores.map((store) => store.close()))
    await rm(dataDir, { recursive: true })
  })

  function open(): Store {
    const store = createEmbeddedStore({ dataDir })
    stores.push(store)
    return store
  }

  async function started(keys: string): Promise<Replica> {
    const made = replica({ store: open(), vault: createTestVault(keys) })
    await made.sync.start()
    return made
  }

  const rotate = () =>
    rotateMasterKey({
      store: open(),
      vault: createTestVault(`${next},${old}`),
      actor: somebody,
      batchSize: 5,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    })

  it('serve and change everything while it is rotated, and agree afterwards', async () => {
    const one = await started(`${old},${next}`)
    await one.editor.edit(somebody, () => ({
      puts: Array.from({ length: COUNT }, (_, index) => puttable(one, index)),
      audit: [{ action: 'credential.create', entity: null }],
      result: null,
    }))
    const two = await started(`${next},${old}`)
    let isRotating = true
    const seen = { one: 0, two: 0 }
    const reading = async (name: 'one' | 'two', { sync, secrets }: Replica) => {
      while (isRotating) {
        await sync.refresh()
        for (const [id, record] of sync.state().credentials) {
          expect(secrets.open(record).secrets['api_key']?.reveal()).toBe(`sk-planted-${id}`)
        }
        seen[name] += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const readers = [reading('one', one), reading('two', two)]
    const writers = [one, two].map(async (writer, place) => {
      for (let index = 0; index < 5; index += 1) await add(writer, COUNT + 5 * place + index)
    })
    const rotated = await rotate()
    await Promise.all(writers)
    isRotating = false
    await Promise.all(readers)
    expect(rotated.credentials).toBeGreaterThanOrEqual(COUNT)
    expect([seen.one > 1, seen.two > 1]).toEqual([true, true])

    // What the replica with the old key first has sealed since.
    await rotate()
    const last = await started(next)
    expect(last.sync.state().credentials.size).toBe(COUNT + 10)
    for (const [id, record] of last.sync.state().credentials) {
      expect(last.secrets.open(record)).toMatchObject({ fault: null })
      expect(last.secrets.open(record).secrets['api_key']?.reveal()).toBe(`sk-planted-${id}`)
    }
    expect(await last.audit.verify()).toMatchObject({ ok: true })
  })

  it('have the same versions and fingerprints of everything', async () => {
    const one = await started(`${old},${next}`)
    const two = await started(`${next},${old}`)
    expect(one.sync.keys()?.version.equals(two.sync.keys()?.version ?? missing())).toBe(true)
    await rotate()
    const three = await started(next)
    expect(one.sync.keys()?.version.equals(three.sync.keys()?.version ?? missing())).toBe(true)
  })
})

function missing(): never {
  throw new Error('the keys are not known')
}

function puttable({ secrets }: Pick<Replica, 'secrets'>, index: number) {
  const record = testCredential(testId('c', index), `credential ${index}`, secrets)
  return { kind: 'credential' as const, record }
}

async function add(writer: Replica, index: number): Promise<void> {
  await writer.editor.edit(somebody, () => ({
    puts: [puttable(writer, index)],
    audit: [{ action: 'credential.create', entity: null }],
    result: null,
  }))
}
