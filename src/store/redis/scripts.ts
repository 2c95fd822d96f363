import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Argument } from './commands.ts'
import { RedisFailure } from './failure.ts'
import type { Link } from './link.ts'

const NAMES = [
  'audit-page',
  'audit-prune',
  'blob-replace',
  'commit',
  'eject',
  'evidence',
  'fetch',
  'lease-release',
  'lease-take',
  'outages',
  'first-sequence',
  'report',
  'restore',
] as const

export type ScriptName = (typeof NAMES)[number]

/** Runs a script of ours. What it answers is text, numbers, null and lists of those. Rejects with a RedisFailure. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly Argument[],
  /** Beyond the usual deadline, for what is large. */
  extraMs?: number,
) => Promise<unknown>

/** The scripts stand beside this file, in `scripts/`. */
export function createRunScript({ link, timeoutMs }: { link: Link; timeoutMs: number }): RunScript {
  const scripts = new Map(
    NAMES.map((name) => {
      const text = readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
      return [name, { text, digest: createHash('sha1').update(text).digest('hex') }] as const
    }),
  )

  return async function runScript(name, keys, args, extraMs = 0) {
    const { text, digest } = scripts.get(name) as { text: string; digest: string }
    const rest = [String(keys.length), ...keys, ...args]
    const deadline = { ms: timeoutMs + extraMs, isLong: extraMs > 0 }
    try {
      return await link.send(['EVALSHA', digest, ...rest], deadline)
    } catch (error) {
      // A server knows the scripts that it has run since it was started.
      if (!(error instanceof RedisFailure) || error.code !== 'NOSCRIPT') throw error
      return link.send(['EVAL', text, ...rest], deadline)
    }
  }
}
