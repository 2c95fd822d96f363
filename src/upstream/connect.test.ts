import { createSecureContext } from 'node:tls'
import { expect, it } from 'vitest'
import { createDirectConnect } from './connect.ts'
import { createEgressGuard, type EgressGuard } from './egress-guard.ts'
import { startRawServer } from './testing/raw-server.ts'
import { until } from './testing/until.ts'

it('a socket that reached what is closed, whatever the lookup said, is destroyed unused', async () => {
  const server = await startRawServer(() => {})
  const guard: EgressGuard = {
    ...createEgressGuard(),
    lookupFor: () => (_name, _options, callback) =>
      process.nextTick(callback, null, [{ address: '127.0.0.1', family: 4 }]),
  }
  const connect = createDirectConnect({ egress: 'guarded', guard, secureContext: createSecureContext() })
  const { promise, resolve } = Promise.withResolvers<unknown[]>()
  const target = { hostname: 'upstream.example', protocol: 'http:', port: String(server.port) }
  connect(target, (...result) => resolve(result))
  const [error, socket] = await promise
  expect(error).toMatchObject({ code: 'upstream_error', costly: false })
  expect(socket).toBeNull()
  await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  expect(server.requests).toEqual([])
  await server.stop()
})
