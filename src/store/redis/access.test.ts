import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Certificates, makeCertificates, readPem } from '../../../test/support/certificates.ts'
import { freePort } from '../../../test/support/free-port.ts'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { Secret } from '../../core/secret.ts'
import { storeContract } from '../contract.suite.ts'
import { eventually } from '../suite/harness.suite.ts'
import type { RedisTls } from './settings.ts'
import { openWhenUp } from './testing/open-when-up.ts'
import { useStores, write } from './testing/opened.suite.ts'

const open = useStores()
const password = 'p:a@s/s w%rd'

describe('Redis store with a user of its own', () => {
  let server: RedisServer
  /** What the documentation tells operators to grant. */
  const rights = [
    '~{gateway}:*',
    '&{gateway}:*',
    '-@all',
    '+@read',
    '+@write',
    '+@scripting',
    '+@pubsub',
    '+@connection',
    '+info',
    '+time',
  ]

  beforeAll(async () => {
    server = await startRedis({
      args: ['--requirepass', 'for-the-default-user'],
      client: { password: 'for-the-default-user' },
    })
    const setUser = (name: string, ...rules: string[]) =>
      server.call('acl', 'setuser', name, 'on', `>${password}`, ...rules)
    await setUser('gateway', ...rights)
    await setUser('blind', ...rights, '-info')
    await setUser('deaf', ...rights, 'resetchannels')
    await setUser('elsewhere', ...rights, 'resetkeys', '~other:*')
  }, 300_000)
  afterAll(() => server.stop())
  afterEach(() => server.call('flushall'))

  const user = (username: string) => ({
    url: server.url,
    username,
    password: new Secret(password),
    keyPrefix: 'gateway',
  })

  storeContract('Redis store with an ACL user', async () => ({
    open: () => openWhenUp(user('gateway')),
    remove: async () => void (await server.call('flushall')),
  }))

  it('takes user and password from the URL as well', async () => {
    const url = new URL(server.url)
    url.username = 'gateway'
    url.password = encodeURIComponent(password)
    const { until, store } = open({ url: url.href, keyPrefix: 'gateway' })
    await until(true)
    expect(await store.leases.take('x', 'y', 10)).toMatchObject({ held: true })
  })

  it('keeps all that it writes under its prefix, in braces', async () => {
    const { store, until } = open(user('gateway'))
    await until(true)
    await write(store, 'one')
    await store.pool.eject('con', { remainingMs: 60_000, json: '' })
    await store.leases.take('lease', 'me', 60_000)
    const keys = (await server.call('keys', '*')) as string[]
    expect(keys.length).toBeGreaterThan(4)
    expect(keys.filter((key) => !key.startsWith('{gateway}:'))).toEqual([])
  })

  it('does without INFO where it is not granted', async () => {
    const { store, until, warnings } = open(user('blind'))
    await until(true)
    const position = await write(store, 'one')
    expect((await store.registry.fetch(position)).position).toEqual(position)
    expect(warnings).toEqual([])
  })

  it.each([
    ['no right to listen', () => user('deaf'), 'NOPERM'],
    ['another user’s keys', () => ({ ...user('elsewhere') }), 'NOPERM'],
    ['a wrong password', () => ({ ...user('gateway'), password: new Secret('wr0ng-p4ss') }), 'WRONGPASS'],
    ['no password', () => ({ url: server.url, keyPrefix: 'gateway' }), 'NOAUTH'],
  ])('with %s is not up, and says why without telling a secret', async (_, options, code) => {
    const { store, warnings } = open(options())
    await eventually(
      () => warnings.length,
      (count) => count > 0,
    )
    expect(warnings.join('\n')).toContain(code)
    expect(warnings.join('\n')).not.toContain('wr0ng-p4ss')
    expect(warnings.join('\n')).not.toContain(password)
    expect(store.up()).toBe(false)
    const error: unknown = await store.audit.last().catch((fault: unknown) => fault)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(password)
  })

  it('warns once of a server that may drop state when memory runs short', async () => {
    await server.call('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    const { warnings, until, links } = open(user('gateway'))
    await until(true)
    await server.call('client', 'kill', 'type', 'pubsub')
    await eventually(
      () => links.length,
      (count) => count === 3,
    )
    expect(warnings.filter((warning) => warning.includes('allkeys-lru'))).toHaveLength(1)
    await server.call('config', 'set', 'maxmemory-policy', 'noeviction')
  })

  it('does not hear what is said in another database of the same server', async () => {
    const [zero, one] = [open(user('gateway')), open({ ...user('gateway'), url: `${server.url}/1` })]
    await Promise.all([zero.until(true), one.until(true)])
    const heard: string[] = []
    zero.store.pool.watch(({ connectionId }) => heard.push(`zero ${connectionId}`))
    one.store.pool.watch(({ connectionId }) => heard.push(`one ${connectionId}`))
    await one.store.pool.eject('a', { remainingMs: 10, json: '' })
    await zero.store.pool.eject('b', { remainingMs: 10, json: '' })
    await eventually(
      () => heard.length,
      (count) => count > 1,
    )
    expect(heard.toSorted((first, second) => (first < second ? -1 : 1))).toEqual(['one a', 'zero b'])
    expect([...(await zero.store.pool.outages()).keys()]).toEqual(['b'])
  })
})

describe('Redis store over TLS', () => {
  let dir: string
  let server: RedisServer
  let files: Certificates
  let tls: RedisTls
  let url: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-tls-'))
    files = await makeCertificates(dir)
    tls = {
      ca: await readPem(files.ca),
      cert: await readPem(files.clientCert),
      key: new Secret(await readPem(files.clientKey)),
    }
    const port = await freePort()
    const paths = [
      '--tls-cert-file',
      files.serverCert,
      '--tls-key-file',
      files.serverKey,
      '--tls-ca-cert-file',
      files.ca,
    ]
    server = await startRedis({
      args: ['--tls-port', `${port}`, '--tls-auth-clients', 'yes', ...paths],
    })
    url = `rediss://127.0.0.1:${port}`
  }, 300_000)
  afterAll(async () => {
    await server.stop()
    await rm(dir, { recursive: true })
  })

  it('trusts the authority it is given, and shows its own certificate', async () => {
    const { store, until } = open({ url, tls })
    await until(true)
    expect((await write(store, 'one')).revision).toBeGreaterThan(0)
  })

  it('is asked for by the setting as well as by the URL', async () => {
    const { store, until } = open({ url: url.replace('rediss:', 'redis:'), tls })
    await until(true)
    expect(store.up()).toBe(true)
  })

  it.each([
    ['an authority that is not trusted', () => true as const, /certificate/],
    [
      'a certificate for somebody else',
      () => ({ ...tls, serverName: 'redis.example' }),
      /redis\.example|altnames/,
    ],
    ['no certificate to show', () => ({ ca: tls.ca }), /./],
  ])('is refused with %s', async (_, setting, reason) => {
    const { store, warnings } = open({ url, tls: setting() })
    await eventually(
      () => warnings.length,
      (count) => count > 0,
    )
    expect(warnings[0]).toMatch(reason)
    expect(store.up()).toBe(false)
  })
})
