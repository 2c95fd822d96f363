import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FetchText, FetchTextOptions } from './issuer-fetch.ts'
import { createJwks, type JwksOptions } from './jwks.ts'
import type { RefreshResult } from './key-set.ts'
import { fetchOverHttp, startKeyServer, type KeyServer } from './testing/key-server.ts'
import { createManualClock, type ManualClock } from './testing/manual-clock.ts'
import { createMemoryFiles, type MemoryFiles } from './testing/memory-files.ts'
import { createSigningKey, keySetText } from './testing/signing-key.ts'
import type { ReadFile } from './watched-file.ts'

const [first, second] = await Promise.all([createSigningKey('first'), createSigningKey('second')])
const alg = 'ES256' as const

let server: KeyServer
let clock: ManualClock
let files: MemoryFiles
let refreshes: RefreshResult[]
let details: (string | null)[]

beforeEach(async () => {
  server = await startKeyServer()
  server.answers.set('/keys', keySetText([first]))
  clock = createManualClock()
  files = createMemoryFiles()
  refreshes = []
  details = []
})

afterEach(() => server.close())

function jwksAt(source: Partial<JwksOptions['source']> = {}, options: Partial<JwksOptions> = {}) {
  return createJwks({
    source: { issuer: server.origin, jwksUri: `${server.origin}/keys`, ...source },
    fetchText: fetchOverHttp,
    readFile: files.readFile,
    clock,
    onRefresh: (result, detail) => {
      refreshes.push(result)
      details.push(detail)
    },
    ...options,
  })
}

async function kidsFor(keys: ReturnType<typeof createJwks>, kid: string | null) {
  return (await keys.find({ alg, kid })).map((key) => key.kid)
}

/** Lets a refresh that nobody waits for come to its end. */
async function settled(count: number): Promise<void> {
  await expect.poll(() => refreshes.length, { interval: 1 }).toBe(count)
}

describe('keys by URL', () => {
  it('are fetched once for all who wait, and then answered at once', async () => {
    const keys = jwksAt()
    const found = await Promise.all([kidsFor(keys, 'first'), kidsFor(keys, 'first'), kidsFor(keys, null)])
    expect(found).toEqual([['first'], ['first'], ['first']])
    expect(server.asked).toHaveLength(1)
    expect(keys.find({ alg, kid: 'first' })).not.toBeInstanceOf(Promise)
    expect(refreshes).toEqual(['success'])
  })

  it('are fetched again for an unknown key id, at most once in a cooldown', async () => {
    const keys = jwksAt()
    await kidsFor(keys, 'first')
    for (let asking = 0; asking < 20; asking += 1)
      expect(await kidsFor(keys, `made-up-${asking}`)).toEqual([])
    expect(server.asked).toHaveLength(2)
    clock.advance(29_999)
    expect(await kidsFor(keys, 'made-up')).toEqual([])
    expect(server.asked).toHaveLength(2)
    clock.advance(1)
    expect(await Promise.all([kidsFor(keys, 'a'), kidsFor(keys, 'b')])).toEqual([[], []])
    expect(server.asked).toHaveLength(3)
    expect(keys.find({ alg, kid: 'first' })).not.toBeInstanceOf(Promise)
  })

  it('follow a rotation at once', async () => {
    const keys = jwksAt()
    const [before] = await keys.find({ alg, kid: 'first' })
    server.answers.set('/keys', keySetText([second]))
    expect(await kidsFor(keys, 'second')).toEqual(['second'])
    expect(before?.retired).toBe(true)
    server.answers.set('/keys', keySetText([first, second]))
    expect(await kidsFor(keys, 'first')).toEqual(['first'])
  })

  it('stay the same objects where they are published again', async () => {
    const keys = jwksAt()
    const [before] = await keys.find({ alg, kid: 'first' })
    server.answers.set('/keys', keySetText([second, first]))
    await kidsFor(keys, 'second')
    expect((await keys.find({ alg, kid: 'first' }))[0]).toBe(before)
    expect(before?.retired).toBe(false)
  })

  it("are refreshed when old, but on nobody's time", async () => {
    const keys = jwksAt()
    await kidsFor(keys, 'first')
    server.answers.set('/keys', keySetText([first, second]))
    clock.advance(600_000)
    expect(keys.find({ alg, kid: 'first' })).toHaveLength(1)
    expect(server.asked).toHaveLength(1)
    clock.advance(1)
    expect(keys.find({ alg, kid: 'first' })).toHaveLength(1)
    await settled(2)
    expect(keys.find({ alg, kid: 'second' })).toHaveLength(1)
  })

  it('stay in use while the endpoint is down, which is asked once in a cooldown', async () => {
    const keys = jwksAt()
    await kidsFor(keys, 'first')
    server.answers.delete('/keys')
    clock.advance(600_001)
    expect(keys.find({ alg, kid: 'first' })).toHaveLength(1)
    await settled(2)
    for (let asking = 0; asking < 5; asking += 1) expect(keys.find({ alg, kid: 'first' })).toHaveLength(1)
    expect(await kidsFor(keys, 'second')).toEqual([])
    expect(server.asked).toHaveLength(2)
    server.answers.set('/keys', keySetText([first, second]))
    clock.advance(30_000)
    expect(await kidsFor(keys, 'second')).toEqual(['second'])
    expect(refreshes).toEqual(['success', 'unreachable', 'success'])
    expect(details[1]).toContain('404')
  })

  it('stay in use where the endpoint answers something else', async () => {
    const keys = jwksAt()
    await kidsFor(keys, 'first')
    const oversized = keySetText([second]).padEnd(1024 * 1024 + 1)
    for (const answer of ['<html>', '[]', '{}', '{"keys":{}}', oversized]) {
      server.answers.set('/keys', answer)
      clock.advance(30_000)
      expect(await kidsFor(keys, 'second')).toEqual([])
      expect(await kidsFor(keys, 'first')).toEqual(['first'])
    }
    server.answers.set('/keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => first.publicJwk) }))
    clock.advance(30_000)
    expect(await kidsFor(keys, 'second')).toEqual([])
    expect(refreshes).toEqual(['success', ...Array.from({ length: 6 }, () => 'invalid')])
  })

  it('that could never be had are a 503 that says when to try again', async () => {
    server.answers.delete('/keys')
    const keys = jwksAt()
    const refusal = { code: 'overloaded', status: 503, failure: 'jwks_unavailable' }
    await expect(kidsFor(keys, 'first')).rejects.toMatchObject({ ...refusal, retryAfterMs: 5_000 })
    clock.advance(2_000)
    await expect(kidsFor(keys, 'first')).rejects.toMatchObject({ ...refusal, retryAfterMs: 3_000 })
    expect(server.asked).toHaveLength(1)
    server.answers.set('/keys', keySetText([first]))
    clock.advance(3_000)
    expect(await kidsFor(keys, 'first')).toEqual(['first'])
  })

  it('that are slow to come are given up at the deadline', async () => {
    server.answers.set('/keys', null)
    const keys = jwksAt({}, { timeoutMs: 20 })
    await expect(kidsFor(keys, 'first')).rejects.toMatchObject({ code: 'overloaded' })
    expect(details).toEqual(['no answer within 20 ms'])
  })

  it('are not replaced by an answer that came too late', async () => {
    const late = Promise.withResolvers<string>()
    const answers = [
      Promise.resolve(keySetText([first])),
      late.promise,
      Promise.resolve(keySetText([second])),
    ]
    // Heeds no signal, as a client with a fault might.
    const fetchText: FetchText = () => answers.shift() ?? Promise.reject(new Error('asked too often'))
    const keys = jwksAt({}, { fetchText, timeoutMs: 20 })
    await kidsFor(keys, 'first')
    expect(await kidsFor(keys, 'second')).toEqual([])
    clock.advance(30_000)
    expect(await kidsFor(keys, 'second')).toEqual(['second'])
    late.resolve(keySetText([first]))
    await setImmediate()
    expect(keys.find({ alg, kid: 'second' })).toHaveLength(1)
    expect(await kidsFor(keys, 'first')).toEqual([])
  })

  it('are tried by the ten, where a token names none', async () => {
    const { publicJwk } = first
    const many = Array.from({ length: 12 }, (_, index) => ({ ...publicJwk, kid: `${index}` }))
    server.answers.set('/keys', JSON.stringify({ keys: many }))
    expect(await kidsFor(jwksAt(), null)).toHaveLength(10)
  })

  it('are loaded in the background where that is asked for', async () => {
    const keys = jwksAt()
    keys.touch()
    keys.touch()
    await settled(1)
    expect(keys.find({ alg, kid: 'first' })).toHaveLength(1)
    expect(server.asked).toHaveLength(1)
  })
})

describe('keys by file', () => {
  const source = { jwksUri: undefined, jwksFile: '/keys.json' }

  it('follow the file when it changes', async () => {
    files.write('/keys.json', keySetText([first]))
    const keys = jwksAt(source)
    expect(await kidsFor(keys, 'first')).toEqual(['first'])
    files.write('/keys.json', keySetText([second]))
    clock.advance(1_000)
    expect(await kidsFor(keys, 'second')).toEqual(['second'])
    expect(await kidsFor(keys, 'first')).toEqual([])
    expect(refreshes).toEqual(['success', 'success'])
  })

  it('are looked at once a second at most, and read only when they changed', async () => {
    files.write('/keys.json', keySetText([first]))
    const keys = jwksAt(source)
    await kidsFor(keys, 'first')
    for (let asking = 0; asking < 10; asking += 1) expect(await kidsFor(keys, 'made-up')).toEqual([])
    expect(files.looks()).toBe(2)
    expect(refreshes).toEqual(['success'])
  })

  it('stay in use while the file is gone or holds something else', async () => {
    files.write('/keys.json', keySetText([first]))
    const keys = jwksAt(source)
    await kidsFor(keys, 'first')
    files.write('/keys.json', 'half a fi')
    clock.advance(1_000)
    expect(await kidsFor(keys, 'second')).toEqual([])
    files.remove('/keys.json')
    clock.advance(1_000)
    expect(await kidsFor(keys, 'second')).toEqual([])
    expect(await kidsFor(keys, 'first')).toEqual(['first'])
    expect(refreshes).toEqual(['success', 'invalid', 'unreachable'])
  })
})

describe('keys by a slow file', () => {
  it('are read again where the first reading came too late', async () => {
    const late = Promise.withResolvers<{ text: string; version: string }>()
    const file = { text: keySetText([first]), version: '1' }
    const readings = [late.promise]
    const readFile: ReadFile = async (_path, known) => readings.shift() ?? (known === '1' ? null : file)
    const source = { jwksUri: undefined, jwksFile: '/keys.json' }
    const keys = jwksAt(source, { readFile, timeoutMs: 20 })
    await expect(kidsFor(keys, 'first')).rejects.toMatchObject({ status: 503 })
    late.resolve(file)
    await setImmediate()
    clock.advance(1_000)
    expect(await kidsFor(keys, 'first')).toEqual(['first'])
  })
})

describe('keys by discovery', () => {
  const source = { jwksUri: undefined }
  const documentPath = '/.well-known/openid-configuration'

  function announce(document: Record<string, unknown>): void {
    server.answers.set(documentPath, JSON.stringify(document))
  }

  it('are where the issuer says', async () => {
    announce({ issuer: server.origin, jwks_uri: `${server.origin}/keys` })
    expect(await kidsFor(jwksAt(source), 'first')).toEqual(['first'])
    expect(server.asked.map(({ path }) => path)).toEqual([documentPath, '/keys'])
  })

  it('are found for an issuer with a path, or with a slash at its end', async () => {
    for (const path of ['/realms/one', '/two/']) {
      const issuer = server.origin + path
      server.answers.set(
        path.replace(/\/$/, '') + documentPath,
        JSON.stringify({ issuer, jwks_uri: `${server.origin}/keys` }),
      )
      expect(await kidsFor(jwksAt({ ...source, issuer }), 'first')).toEqual(['first'])
    }
  })

  it('are not taken from a document of another issuer, or one that names no keys', async () => {
    const uri = `${server.origin}/keys`
    const documents = [
      { issuer: `${server.origin}/`, jwks_uri: uri },
      { jwks_uri: uri },
      { issuer: server.origin },
      { issuer: server.origin, jwks_uri: 'file:///etc/keys' },
    ]
    for (const document of documents) {
      announce(document)
      await expect(kidsFor(jwksAt(source), 'first')).rejects.toMatchObject({ code: 'overloaded' })
    }
    expect(refreshes).toEqual(documents.map(() => 'invalid'))
    expect(server.asked.map(({ path }) => path)).not.toContain('/keys')
  })

  it('are not taken from http where the issuer itself is at https', async () => {
    const issuer = 'https://issuer.example'
    const asked: string[] = []
    const fetchText: FetchText = async (url) => {
      asked.push(url)
      return JSON.stringify({ issuer, jwks_uri: 'http://issuer.example/keys' })
    }
    const keys = jwksAt({ ...source, issuer }, { fetchText })
    await expect(kidsFor(keys, 'first')).rejects.toMatchObject({ code: 'overloaded' })
    expect(asked).toEqual([`${issuer}${documentPath}`])
  })
})

describe('the bearer token', () => {
  it("goes to the issuer's own host, and is read again when it changes", async () => {
    files.write('/token', 'one\n')
    const keys = jwksAt({ bearerFile: '/token' })
    await kidsFor(keys, 'first')
    files.write('/token', 'two\n')
    await kidsFor(keys, 'made-up')
    expect(server.asked.map(({ authorization }) => authorization)).toEqual(['Bearer one', 'Bearer two'])
  })

  it('goes to no other host, whether configured or discovered', async () => {
    const other = await startKeyServer()
    try {
      other.answers.set('/keys', keySetText([first]))
      files.write('/token', 'secret')
      const elsewhere = `${other.origin}/keys`
      await kidsFor(jwksAt({ jwksUri: elsewhere, bearerFile: '/token' }), 'first')
      const document = JSON.stringify({ issuer: server.origin, jwks_uri: elsewhere })
      server.answers.set('/.well-known/openid-configuration', document)
      await kidsFor(jwksAt({ jwksUri: undefined, bearerFile: '/token' }), 'first')
      expect(server.asked.map(({ authorization }) => authorization)).toEqual(['Bearer secret'])
      expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined])

      other.answers.delete('/keys')
      const refused = kidsFor(jwksAt({ jwksUri: elsewhere, bearerFile: '/token' }), 'first')
      await expect(refused).rejects.toMatchObject({ code: 'overloaded' })
      expect(details.at(-1)).toContain('bearer_file was not sent')
    } finally {
      await other.close()
    }
  })

  it('is not sent where its file holds no token', async () => {
    files.write('/token', 'two words')
    await expect(kidsFor(jwksAt({ bearerFile: '/token' }), 'first')).rejects.toMatchObject({ status: 503 })
    expect(server.asked).toEqual([])
    expect(details.at(-1)).not.toContain('two words')
  })
})

it('says whose word a host is, and which certificates to trust', async () => {
  const issuer = 'https://issuer.example'
  const asked: [string, FetchTextOptions][] = []
  const fetchText: FetchText = async (url, options) => {
    asked.push([url, options])
    const document = { issuer, jwks_uri: 'https://keys.example/keys' }
    return url.startsWith(issuer) ? JSON.stringify(document) : keySetText([first])
  }
  await kidsFor(jwksAt({ issuer, jwksUri: undefined, caFile: '/ca.pem' }, { fetchText }), 'first')
  await kidsFor(jwksAt({ issuer, jwksUri: 'https://keys.example/keys' }, { fetchText }), 'first')
  expect(asked.map(([url, { egress, caFile }]) => [new URL(url).host, egress, caFile])).toEqual([
    ['issuer.example', 'operator', '/ca.pem'],
    ['keys.example', 'guarded', '/ca.pem'],
    ['keys.example', 'operator', null],
  ])
})
