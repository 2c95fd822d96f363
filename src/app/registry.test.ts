import { afterEach, expect, it, vi } from 'vitest'
import { configOf } from '../config/testing/load-text.ts'
import { systemClock } from '../core/clock.ts'
import { createCatalogue } from '../registry/testing/catalogue.ts'
import { createMemoryServer } from '../registry/testing/memory-store.ts'
import { addTeam, createReplicas, teamsOf } from '../registry/testing/replica.ts'
import { createTestVault } from '../registry/testing/vault.ts'
import { createLog } from '../telemetry/log.ts'
import { createRegistryPart } from './registry.ts'

const { replica, stop } = createReplicas()
afterEach(async () => {
  vi.useRealTimers()
  await stop()
})

const hourMs = 3_600_000

/** How often the audit trail was shortened by a process that runs for five hours. */
async function prunings(isKeeper: boolean): Promise<number> {
  const server = createMemoryServer()
  const writer = replica({ store: server.open() })
  await writer.sync.start()
  for (const name of ['first', 'second']) await addTeam(writer, name)
  expect(teamsOf(writer)).toHaveLength(2)
  const store = server.open()
  const { audit } = store
  let count = 0
  const part = createRegistryPart({
    config: await configOf('audit: { retention_days: 1 }'),
    store: {
      ...store,
      audit: {
        ...audit,
        async last() {
          count += 1
          return audit.last()
        },
      },
    },
    vault: createTestVault(),
    providers: createCatalogue(),
    log: createLog({ level: 'silent' }),
    clock: systemClock,
    isKeeper,
  })
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await part.start()
  vi.advanceTimersByTime(5 * hourMs)
  await part.stop()
  vi.advanceTimersByTime(5 * hourMs)
  vi.useRealTimers()
  return count
}

it('of several processes one shortens the audit trail, every hour', async () => {
  expect(await prunings(true)).toBe(5)
  expect(await prunings(false)).toBe(0)
})
