import { pino } from 'pino'

/** Where log lines go. */
export interface LogDestination {
  /** One line with its line feed. May throw. */
  write(line: string): unknown
  /** Resolves when all that was written has left the process. */
  flush?(): Promise<void>
  close?(): void
}

export interface DescriptorOptions {
  /** An open file descriptor; 1 is standard output. */
  readonly descriptor?: number
  /** What may wait to be written, bytes; lines beyond it are dropped and counted. */
  readonly maxBufferedBytes?: number
}

/**
 * Writes in the background, in order, so that a slow reader of the log slows no request. A reader that is gone is no
 * fault: what is written from then on is lost. Left to itself it writes out what waits when the process exits.
 */
export function createDescriptorDestination({
  descriptor = 1,
  maxBufferedBytes = 8 * 1024 * 1024,
}: DescriptorOptions = {}): Required<LogDestination> {
  const stream = pino.destination({
    dest: descriptor,
    sync: false,
    minLength: 0,
    maxLength: maxBufferedBytes,
  })
  const waiting = new Set<() => void>()
  let idle = true
  let dropped = 0

  function settle(): void {
    idle = true
    for (const wake of waiting) wake()
    waiting.clear()
  }

  function write(line: string): void {
    idle = false
    stream.write(line)
  }

  stream.on('drop', () => dropped++)
  stream.on('drain', () => {
    settle()
    if (dropped === 0) return
    write(
      `${JSON.stringify({ level: 'warn', time: new Date(), lines: dropped, msg: 'log lines were dropped' })}\n`,
    )
    dropped = 0
  })
  stream.on('error', settle)
  stream.on('close', settle)

  return {
    write,
    flush: () => (idle ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))),
    close: () => stream.destroy(),
  }
}
