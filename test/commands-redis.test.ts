import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOperator, fingerprintOf, itemsOf, type Operator, plantedSecret } from './support/operator.ts'
import { type RedisServer, startRedis } from './support/redis-server.ts'
import { until } from './support/wait.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

let server: RedisServer
let operator: Operator
beforeEach(async () => {
  server = await startRedis({ appendOnly: true })
  operator = await createOperator({ redis: { shared: { url: server.url }, shared2: { url: server.url } } })
}, 300_000)
afterEach(async () => {
  await operator.stop()
  await server.stop()
})

describe('with state in Redis', () => {
  it('a registry moves there from embedded state and back, and is the same', async () => {
    const first = await operator.serve('embedded')
    const { token, fingerprint } = await operator.declare(first)
    await operator.end(first)
    const keyFile = join(operator.dir, 'embedded', 'master.key')
    const env = { MODELGATE_MASTER_KEY: (await readFile(keyFile, 'utf8')).trim() }
    const { out: there } = await operator.modelgate('embedded', ['export'])
    const taken = await operator.modelgate('shared', ['import'], { env, input: there })
    expect(taken).toMatchObject({ code: 0, err: '' })
    const second = await operator.serve('shared', env)
    expect(await operator.chat(second, token)).toBe(200)
    await operator.addCredential(second, 'added there')
    const { out: back } = await operator.modelgate('shared', ['export'], { env })
    const returned = await operator.modelgate('other', ['import'], { env, input: back })
    expect(returned.out).toContain('imported 2 credentials, 1 model, 1 connection, 1 key')
    const third = await operator.serve('other', env)
    expect(await operator.chat(third, token)).toBe(200)
    for (const gateway of [second, third]) {
      const [main] = itemsOf(await operator.admin(gateway, '/llm_credentials?q=main'))
      expect(main && fingerprintOf(main)).toBe(fingerprint)
      expect(await operator.admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
    }
  })

  it('replicas that do not believe an emptied Redis believe an import', async () => {
    const env = { MODELGATE_MASTER_KEY: key(1) }
    const one = await operator.serve('shared', env)
    const { token } = await operator.declare(one)
    const { out: input } = await operator.modelgate('shared', ['export'], { env })
    await server.call('FLUSHALL')
    await until('the store is not believed', async () => {
      return operator.admin(one, '/teams', { name: 'refused' }).then(
        () => false,
        (error: unknown) => String(error).includes('503'),
      )
    })
    const requests = operator.traffic(one, token)
    expect(await operator.modelgate('shared', ['import'], { env, input })).toMatchObject({ code: 0 })
    await until('it is believed again', async () => {
      return operator.admin(one, '/teams', { name: 'research' }).then(
        () => true,
        () => false,
      )
    })
    expect(await requests.stop()).toEqual(new Set([200]))
    expect(await operator.admin(one, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('replicas that disagree on which master key is active go on while it is rotated', async () => {
    const [old, next] = [`old:${key(1)}`, `new:${key(2)}`]
    const env = { MODELGATE_MASTER_KEY: `${next},${old}` }
    const one = await operator.serve('shared', { MODELGATE_MASTER_KEY: `${old},${next}` })
    const { token } = await operator.declare(one)
    const two = await operator.serve('shared2', env)
    const requests = [operator.traffic(one, token), operator.traffic(two, token)]
    const rotate = () => operator.modelgate('shared', ['rotate-master-key'], { env })
    const [rotated] = await Promise.all([
      rotate(),
      operator.addCredential(one, 'by one'),
      operator.addCredential(two, 'by two'),
    ])
    expect(rotated).toMatchObject({ code: 0, err: '' })
    for (const gateway of [one, two]) {
      await until('both have all credentials', async () => {
        return itemsOf(await operator.admin(gateway, '/llm_credentials')).length === 3
      })
    }
    for (const running of requests) expect(await running.stop()).toEqual(new Set([200]))
    await operator.end(one)
    expect((await rotate()).code).toBe(0)
    expect((await rotate()).out).toContain('everything is wrapped under the master key new already')
    await operator.end(two)
    const after = await operator.serve('shared', { MODELGATE_MASTER_KEY: next })
    expect(await operator.chat(after, token)).toBe(200)
    for (const { id, name } of itemsOf(await operator.admin(after, '/llm_credentials'))) {
      const revealed = operator.admin(after, `/llm_credentials/${String(id)}/reveal`, { field: 'api_key' })
      expect(await revealed).toEqual({ value: `${plantedSecret} ${String(name)}` })
    }
    expect(await operator.admin(after, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('a token of the command line is good at every replica, and a Redis that is down is told', async () => {
    const env = { MODELGATE_MASTER_KEY: key(1) }
    const { out, code } = await operator.modelgate('shared', ['token', '--team', 'research'], { env })
    expect(code).toBe(0)
    const gateway = await operator.serve('shared', env)
    const headers = { authorization: `Bearer ${out.trim()}` }
    expect((await fetch(`${gateway.url}/v1/models`, { headers })).status).toBe(200)
    await server.kill()
    const refused = await operator.modelgate('shared', ['token', '--admin'], { env })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('the store did not answer within 10 s')
  })
})
