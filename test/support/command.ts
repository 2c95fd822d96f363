import { spawn } from 'node:child_process'
import { entry, environment } from './program.ts'

export interface CommandResult {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  readonly args: readonly string[]
  readonly configFile: string
  readonly env?: Record<string, string>
  /** On standard input; nothing unless given. */
  readonly input?: string
}

/** Runs the program to its end, as an operator would. Ended after 30 s. */
export async function runCommand({
  args,
  configFile,
  env = {},
  input = '',
}: CommandOptions): Promise<CommandResult> {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...environment, MODELGATE_CONFIG: configFile, ...env },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  // It may end before it has read everything.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, out, err }
}
