import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

/** Values of a command's own options, by name, as `parseArgs` reads them. */
export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

export interface Command {
  /** One line, for the list of commands. */
  readonly summary: string
  /** What `--help` after the command says of its options, a line each. */
  readonly help?: string
  /** In the words of `parseArgs`; every command takes `--help` beside them. */
  readonly options?: ParseArgsOptionsConfig
  /** The exit code: 0, or, having written why, 1 where it failed and 2 where its options are wrong. */
  readonly run: (values: OptionValues) => Promise<number>
}

export interface CommandLineOptions {
  /** Without the program's own name. */
  readonly args: readonly string[]
  /** By name, in the order in which they are listed. */
  readonly commands: Readonly<Record<string, Command>>
  /** The command where none is named. */
  readonly usual: string
  readonly version: string
  /** What every usage ends with. */
  readonly note: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const general: ParseArgsOptionsConfig = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
}

/** Finds and runs a command. The exit code is the command's; 2 where the command line itself is wrong. */
export async function runCommandLine(options: CommandLineOptions): Promise<number> {
  const { args, commands, usual, version, out, err } = options
  const isNamed = args[0] !== undefined && !args[0].startsWith('-')
  const name = isNamed ? args[0] : usual
  const command = Object.hasOwn(commands, name ?? '') ? commands[name ?? ''] : undefined
  if (name === undefined || command === undefined) {
    return wrong(err, `there is no command ${JSON.stringify(name)}`, usageOf(options))
  }
  const usage = isNamed ? usageOfCommand(name, command) : usageOf(options)
  const parsed = parse(args.slice(isNamed ? 1 : 0), command)
  if ('fault' in parsed) return wrong(err, parsed.fault, usage)
  const { help, version: asked, ...values } = parsed.values
  if (help === true) out(usage)
  else if (asked === true) out(`${version}\n`)
  else return command.run(values)
  return 0
}

function parse(args: string[], command: Command): { values: OptionValues } | { fault: string } {
  try {
    return parseArgs({ args, options: { ...command.options, ...general } })
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

function wrong(err: (text: string) => void, fault: string, usage: string): number {
  err(`modelgate: ${fault}\n\n${usage}`)
  return 2
}

function usageOf({ commands, usual, note }: CommandLineOptions): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 3
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}${summary}${name === usual ? ' (the default)' : ''}`,
  )
  return `Usage: modelgate [command] [options]\n\n${lines.join('\n')}\n\n  --help, --version\n\n${note}\n`
}

function usageOfCommand(name: string, { summary, help }: Command): string {
  const options = help === undefined ? '' : `\n${help.trimEnd()}\n`
  return `Usage: modelgate ${name}${help === undefined ? '' : ' [options]'}\n\n${summary}\n${options}`
}
