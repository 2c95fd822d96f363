import { describe, expect, it } from 'vitest'
import { type Command, type OptionValues, runCommandLine } from './command-line.ts'

async function run(...args: string[]) {
  const ran: { name: string; values: OptionValues }[] = []
  let out = ''
  let err = ''
  const command = (name: string, code: number, more: Partial<Command> = {}): Command => ({
    summary: `what ${name} does`,
    ...more,
    run: async (values) => {
      ran.push({ name, values })
      return code
    },
  })
  const code = await runCommandLine({
    args,
    commands: {
      start: command('start', 0),
      fail: command('fail', 1),
      issue: command('issue', 0, {
        help: '  --team NAME   whose token',
        options: { team: { type: 'string', multiple: true } },
      }),
    },
    usual: 'start',
    version: '1.2.3',
    note: 'The note.',
    out: (text) => (out += text),
    err: (text) => (err += text),
  })
  return { code, out, err, ran }
}

describe('the command line', () => {
  it('runs the usual command where none is named, and answers with its exit code', async () => {
    expect(await run()).toEqual({ code: 0, out: '', err: '', ran: [{ name: 'start', values: {} }] })
    expect(await run('fail')).toMatchObject({ code: 1, ran: [{ name: 'fail' }] })
  })

  it('hands a command its own options', async () => {
    const { ran } = await run('issue', '--team', 'a', '--team=b')
    expect(ran).toEqual([{ name: 'issue', values: { team: ['a', 'b'] } }])
  })

  it.each(['--help', '-h'])('%s lists the commands and runs none', async (flag) => {
    const { code, out, ran } = await run(flag)
    expect(out).toMatch(/^Usage: modelgate \[command\]/)
    expect(out).toContain('  start   what start does (the default)\n')
    expect(out).toContain('  issue   what issue does\n')
    expect(out).toContain('The note.')
    expect({ code, ran }).toEqual({ code: 0, ran: [] })
  })

  it('says of one command what it takes', async () => {
    const { code, out, ran } = await run('issue', '--help')
    expect(out).toBe('Usage: modelgate issue [options]\n\nwhat issue does\n\n  --team NAME   whose token\n')
    expect({ code, ran }).toEqual({ code: 0, ran: [] })
  })

  it.each(['--version', '-v'])('%s is the version alone', async (flag) => {
    expect(await run(flag)).toEqual({ code: 0, out: '1.2.3\n', err: '', ran: [] })
  })

  it.each([
    [['serv'], 'there is no command "serv"'],
    [['toString'], 'there is no command "toString"'],
    [['start', 'now'], "'now'"],
    [['start', '--team', 'a'], "'--team'"],
    [['--nonsense'], "'--nonsense'"],
    [['issue', '--team'], '--team'],
  ])('%j is wrong usage: 2, told on standard error with the usage, and nothing runs', async (args, words) => {
    const { code, out, err, ran } = await run(...args)
    expect(err).toMatch(/^modelgate: /)
    expect(err).toContain(words)
    expect(err).toContain('Usage: modelgate')
    expect({ code, out, ran }).toEqual({ code: 2, out: '', ran: [] })
  })
})
