import { createRequire } from 'node:module'

/** Makes one line of JSON into text for a reader. */
export type Prettify = (line: string) => string

/** `pino-pretty`, in this thread; null where it is not installed, as in production. */
export function loadPretty(): Prettify | null {
  try {
    const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as {
      prettyFactory: (options: object) => (line: string) => string | undefined
    }
    const pretty = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' })
    return (line) => pretty(line) ?? line
  } catch {
    return null
  }
}
