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
  /** For fields that hold no text from outside but what was scrubbed: looking through them again costs the hot path. */
  readonly known: Readonly<Record<'info' | 'warn', WriteLog>>
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
  const shape = { level, base: null, timestamp: createTimestamp(), messageKey }
  const levelName = (label: string) => ({ level: label })
  const writer = { write: lineWriter(destination, prettify) }
  const logger = pino(
    {
      ...shape,
      formatters: { level: levelName, log: createRedact() },
      serializers: { [messageKey]: scrub },
    },
    writer,
  )
  const knownLogger = pino({ ...shape, formatters: { level: levelName } }, writer)
  const writeTo =
    (to: typeof logger | typeof knownLogger, name: Exclude<LogLevel, 'silent'>): WriteLog =>
    (message, fields = {}) => {
      try {
        to[name](fields, message)
      } catch {
        // A field that cannot be read, or a destination that is closed: neither is worth a request.
      }
    }
  const write = (name: Exclude<LogLevel, 'silent'>) => writeTo(logger, name)
  const flush = () => withinTime(destination.flush?.() ?? Promise.resolve(), flushTimeoutMs)

  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    known: { info: writeTo(knownLogger, 'info'), warn: writeTo(knownLogger, 'warn') },
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
      text = `,"time":"${new Date(now).toISOString()}"`
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
