import { afterEach, expect, it } from 'vitest'
import { dropEndedKeys } from './ended-keys.ts'
import { newEntityId } from './stored/codec.ts'
import type { KindedRecord } from './stored/records.ts'
import { createMemoryServer } from './testing/memory-store.ts'
import { createReplicas, somebody } from './testing/replica.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

const now = Date.parse('2030-06-15T12:00:00Z')

function key(name: string, expiresAt: string): KindedRecord {
  const made = { created_by: 'somebody', created_at: '2030-01-01T00:00:00Z', revoked_at: null }
  const record = { id: newEntityId(), version: 1, name, team: 'crew', models: null, token_id: newEntityId() }
  return { kind: 'key', record: { ...record, ...made, expires_at: expiresAt } }
}

it('lets go of keys a day after they ended, and writes nothing where there are none', async () => {
  const one = replica({ store: createMemoryServer().open() })
  await one.sync.start()
  const puts = [
    key('long gone', '2030-06-01T00:00:00Z'),
    key('gone', '2030-06-14T11:59:59Z'),
    key('just ended', '2030-06-14T12:00:01Z'),
    key('good', '2031-01-01T00:00:00Z'),
  ]
  await one.editor.edit(somebody, () => ({ puts, audit: [], result: null }))
  await dropEndedKeys(one.editor, now)
  const names = [...one.sync.state().keys.values()].map(({ name }) => name)
  expect(names.toSorted()).toEqual(['good', 'just ended'])
  const { revision } = one.sync.state().position
  await dropEndedKeys(one.editor, now)
  expect(one.sync.state().position.revision).toBe(revision)
})
