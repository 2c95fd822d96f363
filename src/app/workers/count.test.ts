import { expect, it } from 'vitest'
import { configOf } from '../../config/testing/load-text.ts'
import { workerCount } from './count.ts'

const masterKey = Buffer.alloc(32, 7).toString('base64')
const shared = { MODELGATE_MASTER_KEY: masterKey, REDIS_URL: 'redis://127.0.0.1' }

it.each([
  ['', shared, 1],
  ['workers: 3', shared, 3],
  ['workers: auto', shared, 8],
  ['workers: "${MODELGATE_WORKERS:-1}"', shared, 1],
  ['workers: "${MODELGATE_WORKERS:-1}"', { ...shared, MODELGATE_WORKERS: '2' }, 2],
  ['workers: 3', { ...shared, MODELGATE_WORKERS: 'auto' }, 8],
])('%s', async (text, environment, count) => {
  expect(workerCount(await configOf(text, { environment }), 8)).toEqual({ count, because: null })
})

it('is 1 where the state is embedded, for a reason', async () => {
  const because = expect.stringContaining('embedded')
  expect(workerCount(await configOf('workers: 3'), 8)).toEqual({ count: 1, because })
  expect(workerCount(await configOf('workers: auto'), 8)).toEqual({ count: 1, because })
  expect(workerCount(await configOf('workers: auto'), 1)).toEqual({ count: 1, because: null })
})

it.each([
  ['workers: 0', 'workers must be at least 1'],
  ['workers: 1000', 'workers must be at most 999'],
  ['workers: many', 'workers must be auto, or how many processes, from 1 to 999'],
])('%s is a fault', async (text, message) => {
  await expect(configOf(text)).rejects.toThrow(message)
})

it('is a fault where the environment makes no sense', async () => {
  await expect(configOf('', { environment: { MODELGATE_WORKERS: '0' } })).rejects.toThrow(
    'MODELGATE_WORKERS must be auto',
  )
})
