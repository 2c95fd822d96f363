import type { LookupAddress } from 'node:dns'
import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { createTransport, type ManagedTransport } from './dispatch.ts'
import { createEgressGuard, type EgressGuardOptions } from './egress-guard.ts'
import { failureOf, options, post, readAll } from './testing/exchanges.ts'
import { answer, type RawServer, startRawServer } from './testing/raw-server.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function start(): Promise<RawServer> {
  const server = await startRawServer((socket) => socket.write(answer('hello')))
  stops.push(server.stop)
  return server
}

function transportWith(given: EgressGuardOptions = {}): ManagedTransport {
  const transport = createTransport({ guard: createEgressGuard({ allowHttp: true, ...given }) })
  stops.push(transport.destroy)
  return transport
}

/** Answers each lookup with the next of these lists, the last one again and again. */
function resolvingTo(...answers: string[][]): EgressGuardOptions['lookup'] {
  let count = 0
  return (_name, _options, callback) => {
    const addresses = answers[Math.min(count++, answers.length - 1)] ?? []
    const found: LookupAddress[] = addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
    process.nextTick(callback, null, found)
  }
}

const literals = [
  '127.0.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.1 127.0.1 0 0.0.0.0 127.0.0.1.',
  '%31%32%37.0.0.1 １２７.0.0.1 ①②⑦.0.0.1 127。0。0。1 localhost LOCALHOST',
  '[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1]',
  '[64:ff9b::127.0.0.1] [0000:0000:0000:0000:0000:0000:0000:0001] [2002:7f00:1::]',
].flatMap((line) => line.split(' '))

describe('a connection that is guarded', () => {
  it.each(literals)('never reaches loopback written as %s', async (host) => {
    const server = await start()
    const transport = transportWith()
    const request = post(`http://${host}:${server.port}/v1`)
    const error = await failureOf(transport.dispatch(request, options({ egress: 'guarded' })))
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
    expect(error.message).toContain('allow_networks')
    expect(error.message).not.toContain('127')
    expect(server.sockets).toHaveLength(0)
  })

  it('is refused where a name leads only to what is closed', async () => {
    const server = await start()
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '::1', '10.0.0.1', '169.254.169.254']) {
      const transport = transportWith({ lookup: resolvingTo([address]) })
      const request = post(`http://internal.example:${server.port}/`)
      const error = await failureOf(transport.dispatch(request, options({ egress: 'guarded' })))
      expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
      expect(error.message).toContain('allow_networks')
    }
    expect(server.sockets).toHaveLength(0)
  })

  it('is refused where a name that was public leads to loopback the next time', async () => {
    const server = await start()
    const lookup = resolvingTo(['93.184.216.34'], ['127.0.0.1'])
    const guard = createEgressGuard({ allowHttp: true, lookup })
    const transport = createTransport({ guard })
    stops.push(transport.destroy)
    const first = await new Promise<unknown>((resolve) => {
      guard.lookupFor('guarded')('rebound.example', { all: true }, (_error, found) => resolve(found))
    })
    expect(first).toEqual([{ address: '93.184.216.34', family: 4 }])
    const request = post(`http://rebound.example:${server.port}/`)
    await failureOf(transport.dispatch(request, options({ egress: 'guarded' })))
    expect(server.sockets).toHaveLength(0)
  })

  it('is told only the open ones of several addresses', async () => {
    const guard = createEgressGuard({ lookup: resolvingTo(['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1']) })
    const found = await new Promise<unknown>((resolve) => {
      guard.lookupFor('guarded')('both.example', { all: true }, (_error, addresses) => resolve(addresses))
    })
    expect(found).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ])
    const single = await new Promise<unknown[]>((resolve) => {
      guard.lookupFor('guarded')('both.example', {}, (...result) => resolve(result))
    })
    expect(single).toEqual([null, '8.8.8.8', 4])
  })

  it('passes on what DNS itself says', async () => {
    const lookup: EgressGuardOptions['lookup'] = (_name, _options, callback) => {
      process.nextTick(callback, Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    }
    const transport = transportWith({ lookup })
    const error = await failureOf(
      transport.dispatch(post('http://nowhere.example/'), options({ egress: 'guarded' })),
    )
    expect(error.message).toBe('The upstream could not be reached: host name not found.')
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
  })

  it('reaches what allow_networks lists, as an address and by name', async () => {
    const server = await start()
    for (const allowNetworks of [['127.0.0.0/8'], ['127.0.0.1'], ['::ffff:127.0.0.1']]) {
      const transport = transportWith({ allowNetworks, lookup: resolvingTo(['127.0.0.1']) })
      for (const host of ['127.0.0.1', '2130706433', 'listed.example']) {
        const request = post(`http://${host}:${server.port}/`)
        const exchange = await transport.dispatch(request, options({ egress: 'guarded' }))
        expect((await readAll(exchange)).text).toBe('hello')
      }
    }
  })

  it('does not use a socket that the operator has opened', async () => {
    const server = await start()
    const transport = transportWith()
    await readAll(await transport.dispatch(post(server.url), options({ egress: 'operator' })))
    await failureOf(transport.dispatch(post(server.url), options({ egress: 'guarded' })))
    expect(server.requests).toHaveLength(1)
  })
})

describe('the other classes', () => {
  it.each(['operator', 'metadata'] as const)('let %s reach loopback over http', async (egress) => {
    const server = await start()
    const transport = transportWith({ allowHttp: false })
    const exchange = await transport.dispatch(post(server.url), options({ egress }))
    expect((await readAll(exchange)).text).toBe('hello')
  })

  it('let nobody but the own identity reach metadata, unless it is listed as itself', () => {
    const guard = createEgressGuard({ allowNetworks: ['169.254.0.0/16', '100.100.100.200'] })
    for (const egress of ['guarded', 'operator'] as const) {
      expect(guard.permits('169.254.169.254', egress)).toBe(false)
      expect(guard.permits('::ffff:169.254.169.254', egress)).toBe(false)
      expect(guard.permits('169.254.1.1', egress)).toBe(true)
      expect(guard.permits('100.100.100.200', egress)).toBe(true)
    }
    expect(guard.permits('169.254.169.254', 'metadata')).toBe(true)
    expect(guard.permits('fd00:ec2::254', 'metadata')).toBe(true)
  })
})

describe('checkUrl', () => {
  const guard = createEgressGuard({ allowNetworks: ['10.1.0.0/16'] })

  it.each([
    ['https://api.example.com/v1', null],
    ['https://8.8.8.8/v1', null],
    ['https://10.1.2.3/v1', null],
    ['https://[2606:4700::1]/v1', null],
    ['http://api.example.com/v1', 'scheme'],
    ['ftp://api.example.com/v1', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['internal://echo/v1', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['https://user:pass@api.example.com/', 'userinfo'],
    ['https://user@api.example.com/', 'userinfo'],
    ['https://10.2.0.1/', 'address'],
    ['https://0x7f.1/', 'address'],
    ['https://[::1]/', 'address'],
    ['https://169.254.169.254/latest', 'address'],
    ['https://', 'url'],
    ['not a url', 'url'],
    ['https://[fe80::1%25eth0]/', 'url'],
  ])('of %s is %s', (url, kind) => {
    expect(guard.checkUrl(url, 'guarded')?.kind ?? null).toBe(kind)
  })

  it('takes http from the operator, and from others where it is allowed', () => {
    expect(guard.checkUrl('http://api.example.com/', 'operator')).toBeNull()
    expect(createEgressGuard({ allowHttp: true }).checkUrl('http://api.example.com/', 'guarded')).toBeNull()
    expect(guard.checkUrl('https://user@api.example.com/', 'operator')?.kind).toBe('userinfo')
  })

  it('shows nothing of the URL', () => {
    expect(guard.checkUrl('https://user:hunter2@10.0.0.1/', 'guarded')?.message).not.toMatch(/hunter2|10\.0/)
  })
})

it('refuses an entry of allow_networks that is none', () => {
  expect(() => createEgressGuard({ allowNetworks: ['10.0.0.0/99'] })).toThrow('10.0.0.0/99')
})

it('fails as a gateway error whatever the URL is', async () => {
  const transport = transportWith()
  expect(await failureOf(transport.dispatch(post('nonsense'), options()))).toBeInstanceOf(GatewayError)
})
