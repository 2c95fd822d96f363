import { expect, it } from 'vitest'
import { startRedis } from './redis-server.ts'

it('takes no other server on its port for its own', async () => {
  const first = await startRedis()
  try {
    await expect(startRedis({ port: first.port })).rejects.toThrow('Address already in use')
    expect(await first.call('ping')).toBe('PONG')
  } finally {
    await first.stop()
  }
}, 300_000)
