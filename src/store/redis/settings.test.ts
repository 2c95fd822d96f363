import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { Secret } from '../../core/secret.ts'
import { parseAddress, readSettings } from './settings.ts'

const password = 'a:b@c/d e%'

it('reads a URL', () => {
  const url = new Secret(`rediss://some%40user:${encodeURIComponent(password)}@redis.example:7000/3`)
  const settings = readSettings({ url })
  expect(settings).toMatchObject({
    kind: 'standalone',
    addresses: [{ host: 'redis.example', port: 7000 }],
    username: 'some@user',
    database: 3,
    tls: {},
  })
  expect(settings.password?.reveal()).toBe(password)
  expect(inspect(settings, { depth: 9 })).not.toContain(password)
})

it.each([
  ['redis://one', { host: 'one', port: 6379 }],
  ['redis://[::1]:7000', { host: '::1', port: 7000 }],
  ['redis://:secret@10.0.0.1/', { host: '10.0.0.1', port: 6379 }],
])('knows where %s is', (url, address) => {
  const { addresses, tls, username, database } = readSettings({ url })
  expect(addresses).toEqual([address])
  expect({ tls, username, database }).toEqual({ tls: null, username: null, database: 0 })
})

it('takes what is said beside the URL first', () => {
  const settings = readSettings({ url: 'redis://a:b@one/2', username: 'c', password: 'd', tls: true })
  expect(settings).toMatchObject({ username: 'c', tls: {}, database: 2 })
  expect(settings.password?.reveal()).toBe('d')
})

it('finds a master by sentinels, and a cluster by nodes', () => {
  const sentinels = readSettings({
    url: 'redis://u:p@ignored/2',
    sentinels: ['a:1', '[::1]:2'],
    sentinelName: 'm',
  })
  expect(sentinels).toMatchObject({
    kind: 'sentinel',
    sentinelName: 'm',
    database: 2,
    username: 'u',
    addresses: [
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ],
  })
  const cluster = readSettings({
    cluster: ['a:1'],
    tls: { ca: 'pem', key: new Secret('k'), serverName: 'n' },
  })
  expect(cluster).toMatchObject({ kind: 'cluster', tls: { ca: 'pem', key: 'k', servername: 'n' } })
})

it.each([
  [{}, 'not said where'],
  [{ url: 'http://secret@one' }, 'redis://'],
  [{ url: 'redis://u:secret@one/two' }, 'number'],
  [{ sentinels: ['a:1'] }, 'name of the master'],
  [{ cluster: ['a:1'], url: 'redis://u:secret@one/1' }, 'database 0'],
  [{ cluster: ['a'] }, 'host:port'],
  [{ cluster: ['a:0'] }, 'host:port'],
  [{ cluster: ['a:65536'] }, 'host:port'],
])('refuses %j without telling a secret', (addressing, reason) => {
  const read = () => readSettings(addressing)
  expect(read).toThrow(reason)
  expect(read).not.toThrow('secret')
})

it('reads an address without a host, as nodes may give it', () => {
  expect(parseAddress(':7000')).toEqual({ host: '', port: 7000 })
  expect(parseAddress('::1:7000')).toEqual({ host: '::1', port: 7000 })
})
