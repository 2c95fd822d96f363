import { isatty } from 'node:tty'
import { pino } from 'pino'
import { createDescriptorDestination, messageKey, type LogDestination } from './destination.ts'
import { loadPretty, type Prettify } from './pretty.ts'
import { createRedact } from './redact.ts'
import { scrub } from './scrub.ts'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export type LogFields = Readonly<Record<string, unknown>>

/** The message says what happened, in fixed words; what varies goes into the fields. Never throws. */
export type WriteLog = (message: string, fields?: LogFields) => void

export interface Log extends Readonly<Record<Exclude<LogLevel, 'silent'>, WriteLog>> {
  /**
   * For fields that are printed already (`"name":value,…`) and hold no text from outside but what was scrubbed: to look
   * through them again costs the hot path.
   */
  readonly known: Readonly<Record<'info' | 'warn', (message: string, members: string) => void>>
  /** Resolves when every line so far has been written, or after two seconds. Never rejects. */
  flush(): Promise<void>
  /** Flushes, then lets go of the destination; what is logged afterwards is lost. */
  close(): Promise<void>
}

export interface LogOptions {
  readonly level?: LogLevel
  /** Standard output unless given. */
  readonly destination?: LogDestination
  /** Readable text in place of JSON, where `pino-pretty` is installed. By default on a terminal. */
  readonly pretty?: boolean
  readonly flushTimeoutMs?: number
}

/**
 * The gateway's log: one JSON object a line, `level` by name, `time` in ISO 8601, `msg`, then the fields. Errors are
 * passed as a field (`error`) and shown by `errorView`.
 */
export function createLog({
  level = 'info',
  destination = createDescriptorDestination(),
  pretty = isatty(1),
  flushTimeoutMs = 2000,
}: LogOptions = {}): Log {
  const prettify = pretty ? loadPretty() : null
  const writeLine = lineWriter(destination, prettify)
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: createRedact() },
      messageKey,
      serializers: { [messageKey]: scrub },
    },
    { write: writeLine },
  )
  const write =
    (name: Exclude<LogLevel, 'silent'>): WriteLog =>
    (message, fields = {}) => {
      try {
        logger[name](fields, message)
      } catch {
        // A field that cannot be read, or a destination that is closed: neither is worth a request.
      }
    }
  const time = createTimestamp()
  // The same line as pino's.
  const writeKnown = (name: 'info' | 'warn') => {
    if (!logger.isLevelEnabled(name)) return () => {}
    return (message: string, members: string) => {
      try {
        writeLine(
          `{"level":"${name}","time":"${time()}",${members},"${messageKey}":${JSON.stringify(message)}}\n`,
        )
      } catch {
        // As above.
      }
    }
  }
  const flush = () => withinTime(destination.flush?.() ?? Promise.resolve(), flushTimeoutMs)

  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    known: { info: writeKnown('info'), warn: writeKnown('warn') },
    flush,
    close: async () => {
      await flush()
      destination.close?.()
    },
  }
}

/** ISO 8601, made once a millisecond: under load many lines share it. */
function createTimestamp(): () => string {
  let madeAt = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== madeAt) {
      madeAt = now
      text = new Date(now).toISOString()
    }
    return text
  }
}

function lineWriter(destination: LogDestination, prettify: Prettify | null): (line: string) => void {
  if (prettify === null) return (line) => void destination.write(line)
  return (line) => void destination.write(prettify(line))
}

async function withinTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([work.catch(() => {}), timeout])
  clearTimeout(timer)
}
