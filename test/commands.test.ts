import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCommand } from './support/command.ts'
import { createOperator, fingerprintOf, itemsOf, type Operator, plantedSecret } from './support/operator.ts'
import { secretForms } from './support/secret-forms.ts'
import { until } from './support/wait.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

let operator: Operator
beforeEach(async () => {
  operator = await createOperator()
})
afterEach(() => operator.stop())

describe('modelgate', () => {
  it('--help lists every command, and each says what it takes', async () => {
    const { code, out } = await operator.modelgate('a', ['--help'])
    expect(code).toBe(0)
    for (const name of ['serve', 'check-config', 'token', 'rotate-master-key', 'export', 'import']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    }
    for (const [name, option] of [
      ['token', '--team NAME'],
      ['export', '--output FILE'],
      ['import', '--replace'],
      ['rotate-master-key', 'MODELGATE_MASTER_KEY=new:BASE64,old:BASE64'],
    ]) {
      expect((await operator.modelgate('a', [name ?? '', '--help'])).out).toContain(option)
    }
  })

  it('ends with 1 where the configuration has faults, or the state cannot be opened', async () => {
    const configFile = join(operator.dir, 'broken.yaml')
    await writeFile(configFile, 'nonsense: true')
    for (const args of [['token', '--admin'], ['rotate-master-key'], ['export'], ['import']]) {
      const broken = await runCommand({ args, configFile })
      expect({ code: broken.code, out: broken.out }).toEqual({ code: 1, out: '' })
      expect(broken.err).toContain('unknown key "nonsense"')
    }
    await writeFile(join(operator.dir, 'a'), 'a file where a folder should be')
    const closed = await operator.modelgate('a', ['token', '--admin'])
    expect(closed).toMatchObject({ code: 1, out: '' })
    expect(closed.err).toMatch(/^modelgate: .*\n$/)
  })
})

describe('modelgate token', () => {
  it('prints a token that a gateway on the same state takes, and leaves it in the audit trail', async () => {
    const args = ['token', '--team', 'research', '--team', 'ops', '--name', 'ci']
    const { code, out } = await operator.modelgate('a', args)
    expect(code).toBe(0)
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const gateway = await operator.serve('a')
    const statusOf = async (path: string, token: string) =>
      (await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token.trim()}` } })).status
    expect(await statusOf('/v1/models', out)).toBe(200)
    expect(await statusOf('/ai/api/v1/teams', out)).toBe(403)
    // While the gateway runs, too.
    const root = await operator.modelgate('a', ['token', '--admin', '--expires', '30m'])
    expect(await statusOf('/ai/api/v1/teams', root.out)).toBe(200)
    const entries = itemsOf(await operator.admin(gateway, '/audit'))
    expect(entries.filter(({ action }) => action === 'token.issue')).toMatchObject([
      { after: { subject: 'local', teams: [], roles: ['admin'] } },
      {
        actor: { issuer: 'command-line', kind: 'system' },
        after: { subject: 'ci', teams: ['research', 'ops'], roles: [] },
      },
    ])
    expect(JSON.stringify(entries)).not.toContain(out.trim())
    expect(await operator.admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
  })

  it.each([
    [[], '--team or --admin is required'],
    [['--team', ' '], '--team must be a name'],
    [['--admin', '--expires', '1 day'], '--expires must be a time'],
    [['--admin', '--expires', '91d'], 'at most 90d'],
    [['--admin', '--nonsense'], "Unknown option '--nonsense'"],
  ])('%j is refused with 2, and nothing is made', async (args, words) => {
    const { code, out, err } = await operator.modelgate('a', ['token', ...args])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(words)
    await expect(stat(join(operator.dir, 'a'))).rejects.toThrow('ENOENT')
  })
})

describe('modelgate export and import', () => {
  it('move a registry to another store, where all is as it was, and no secret is in the file', async () => {
    const first = await operator.serve('a')
    const { token, fingerprint } = await operator.declare(first)
    const file = join(operator.dir, 'registry.jsonl')
    // While the gateway runs.
    const written = await operator.modelgate('a', ['export', '--output', file])
    const counts = '1 credential, 1 model, 1 connection, 1 key'
    expect(written).toEqual({ code: 0, out: '', err: `exported ${counts}\n` })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const text = await readFile(file, 'utf8')
    for (const form of secretForms(`${plantedSecret} main`)) expect(text).not.toContain(form)
    for (const form of secretForms(token)) expect(text).not.toContain(form)
    expect(text).toContain('upstream-model')
    await operator.end(first)

    const keyFile = join(operator.dir, 'a', 'master.key')
    const env = { MODELGATE_MASTER_KEY: (await readFile(keyFile, 'utf8')).trim() }
    const taken = await operator.modelgate('b', ['import', '--input', file], { env })
    expect(taken).toMatchObject({ code: 0, err: '' })
    expect(taken.out).toMatch(new RegExp(`^imported ${counts}, exported at \\S+ \\(revision \\d+\\)\n$`))
    const second = await operator.serve('b', env)
    expect(await operator.chat(second, token)).toBe(200)
    const sent = operator.upstream.requests.at(-1)?.headers['authorization']
    expect(sent).toBe(`Bearer ${plantedSecret} main`)
    const credentials = itemsOf(await operator.admin(second, '/llm_credentials'))
    expect(credentials.map((view) => [view['name'], fingerprintOf(view)])).toEqual([['main', fingerprint]])
    expect(await operator.admin(second, '/audit/verify')).toMatchObject({ ok: true })
    const actions = itemsOf(await operator.admin(second, '/audit')).map(({ action }) => action)
    expect(actions).toContain('registry.import')
  })

  it('reach a gateway that runs, by pipes, and its clients see no failure', async () => {
    const env = { MODELGATE_MASTER_KEY: key(1) }
    const gateway = await operator.serve('a', env)
    const { token } = await operator.declare(gateway)
    const written = await operator.modelgate('a', ['export'], { env })
    expect(written.code).toBe(0)
    await operator.admin(gateway, '/teams', { name: 'later' })
    const requests = operator.traffic(gateway, token)
    const refused = await operator.modelgate('a', ['import'], { env, input: written.out })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('The store is not empty')
    const taken = await operator.modelgate('a', ['import', '--replace'], { env, input: written.out })
    expect(taken.code).toBe(0)
    expect(taken.out).toContain('removed 1 team')
    await until('the gateway has taken it up', async () => {
      return itemsOf(await operator.admin(gateway, '/teams')).length === 0
    })
    expect(await requests.stop()).toEqual(new Set([200]))
    expect(await operator.admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('need the same master key, and say which, before anything is written', async () => {
    const old = { MODELGATE_MASTER_KEY: `theirs:${key(1)}` }
    await operator.modelgate('a', ['token', '--admin'], { env: old })
    const { out: input } = await operator.modelgate('a', ['export'], { env: old })
    const other = { MODELGATE_MASTER_KEY: `ours:${key(2)}` }
    const refused = await operator.modelgate('b', ['import'], { env: other, input })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('Sealed under the master key "theirs", which is not configured.')
    const empty = await operator.modelgate('b', ['export'], { env: other })
    expect(empty.err).toContain('nothing was ever written to it')
    const cut = await operator.modelgate('b', ['import'], { env: old, input: input.slice(0, -20) })
    expect(cut).toMatchObject({
      code: 1,
      out: '',
      err: 'modelgate: The file is not whole: its end is missing.\n',
    })
    const missing = ['import', '--input', join(operator.dir, 'none')]
    expect(await operator.modelgate('b', missing, { env: old })).toMatchObject({ code: 1, out: '' })
  })
})

describe('modelgate rotate-master-key', () => {
  it('goes on beside a gateway that has the old key in front, and clients see no failure', async () => {
    const [old, next] = [`old:${key(1)}`, `new:${key(2)}`]
    const gateway = await operator.serve('a', { MODELGATE_MASTER_KEY: `${old},${next}` })
    const { token } = await operator.declare(gateway)
    const requests = operator.traffic(gateway, token)
    const env = { MODELGATE_MASTER_KEY: `${next},${old}` }
    const rotate = () => operator.modelgate('a', ['rotate-master-key'], { env })
    const [rotated] = await Promise.all([
      rotate(),
      operator.addCredential(gateway, 'one'),
      operator.addCredential(gateway, 'two'),
    ])
    expect(rotated).toMatchObject({ code: 0, err: '' })
    expect(rotated.out).toMatch(/^wrapped .* under the master key new\n/)
    expect(await requests.stop()).toEqual(new Set([200]))
    expect(await operator.admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
    await operator.end(gateway)
    // What the gateway has sealed meanwhile.
    expect((await rotate()).code).toBe(0)
    expect((await rotate()).out).toContain('everything is wrapped under the master key new already')
    const after = await operator.serve('a', { MODELGATE_MASTER_KEY: next })
    expect(await operator.chat(after, token)).toBe(200)
    const credentials = itemsOf(await operator.admin(after, '/llm_credentials'))
    expect(credentials).toHaveLength(3)
    for (const { id, name } of credentials) {
      const revealed = operator.admin(after, `/llm_credentials/${String(id)}/reveal`, { field: 'api_key' })
      expect(await revealed).toEqual({ value: `${plantedSecret} ${String(name)}` })
    }
  })

  it('is for one gateway at a time: another on the same directory is refused, and says why', async () => {
    const gateway = await operator.serve('a')
    const { token } = await operator.declare(gateway)
    await expect(operator.serve('a')).rejects.toThrow('is served by another gateway')
    expect(await operator.chat(gateway, token)).toBe(200)
    expect(await operator.modelgate('a', ['export'])).toMatchObject({ code: 0 })
  })

  it('leaves a generated key alone while the gateway runs, and makes a new one when it does not', async () => {
    const gateway = await operator.serve('a')
    const { token } = await operator.declare(gateway)
    const keyFile = join(operator.dir, 'a', 'master.key')
    const before = await readFile(keyFile, 'utf8')
    const refused = await operator.modelgate('a', ['rotate-master-key'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('is in use by another process, which must be stopped for this')
    expect(await readFile(keyFile, 'utf8')).toBe(before)
    expect(await operator.chat(gateway, token)).toBe(200)
    await operator.end(gateway)
    expect((await operator.modelgate('a', ['rotate-master-key'])).code).toBe(0)
    const after = await readFile(keyFile, 'utf8')
    expect(after).toMatch(/^generated-[0-9a-f]{8}:\S{44}\n$/)
    expect(after).not.toContain(before.trim())
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    const again = await operator.serve('a')
    expect(await operator.chat(again, token)).toBe(200)
    expect(await operator.admin(again, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('of a generated key goes on where it was broken off', async () => {
    await operator.modelgate('a', ['token', '--admin'])
    const keyFile = join(operator.dir, 'a', 'master.key')
    const old = (await readFile(keyFile, 'utf8')).trim()
    // As it stands between the first step and the last.
    await writeFile(keyFile, `made-before:${key(7)},default:${old}\n`)
    const { code, out } = await operator.modelgate('a', ['rotate-master-key'])
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('made-before') as string })
    expect(await readFile(keyFile, 'utf8')).toBe(`made-before:${key(7)}\n`)
    expect((await operator.modelgate('a', ['export'])).code).toBe(0)
  })

  it('with a wrong key says so, and nothing is lost', async () => {
    const right = { MODELGATE_MASTER_KEY: `old:${key(1)}` }
    await operator.modelgate('a', ['token', '--admin'], { env: right })
    for (const wrong of [`new:${key(2)}`, `new:${key(2)},old:${key(3)}`]) {
      const env = { MODELGATE_MASTER_KEY: wrong }
      const refused = await operator.modelgate('a', ['rotate-master-key'], { env })
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toMatch(/master key "old"/)
    }
    expect((await operator.modelgate('a', ['export'], { env: right })).code).toBe(0)
  })
})
