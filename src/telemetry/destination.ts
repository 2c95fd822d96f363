import { pino } from 'pino'

/** The member of a line that says what happened. */
export const messageKey = 'msg'

/** Where log lines go. */
export interface LogDestination {
  /** One line with its line feed. May throw. */
  write(line: string): unknown
  /** Resolves when all that was written has left the process, or cannot. */
  flush?(): Promise<void>
  close?(): void
}

export interface DescriptorOptions {
  /** An open file descriptor; 1 is standard output. */
  readonly descriptor?: number
  /** What may wait to be written, bytes; lines beyond it are dropped and counted. */
  readonly maxBufferedBytes?: number
  /** How long a line may wait for others to be written with, ms. */
  readonly maxWaitMs?: number
}

/** A write for every few lines would cost a request more than making its line does. */
const batchBytes = 32_768

/**
 * Writes in the background, in order and several lines at once, so that a slow reader of the log slows no request. A
 * reader that is gone is no fault: what is written from then on is lost. A process that exits without `close` writes
 * out what waits, not always in order, and a reader that goes in that very moment holds it up: `close` is the better
 * end.
 */
export function createDescriptorDestination({
  descriptor = 1,
  maxBufferedBytes = 8 * 1024 * 1024,
  maxWaitMs = 100,
}: DescriptorOptions = {}): Required<LogDestination> {
  const stream = pino.destination({
    dest: descriptor,
    sync: false,
    minLength: batchBytes,
    periodicFlush: maxWaitMs,
    maxLength: maxBufferedBytes,
  })
  let waitingBytes = 0
  let droppedLines = 0
  let isBroken = false

  function write(line: string): void {
    waitingBytes += Buffer.byteLength(line)
    stream.write(line)
  }

  stream.on('drop', (line: string) => {
    waitingBytes -= Buffer.byteLength(line)
    droppedLines++
  })
  stream.on('write', (bytes: number) => {
    waitingBytes -= bytes
    if (bytes > 0) isBroken = false
  })
  stream.on('drain', () => {
    if (droppedLines === 0) return
    const notice = {
      level: 'warn',
      time: new Date().toISOString(),
      lines: droppedLines,
      [messageKey]: 'log lines were dropped',
    }
    droppedLines = 0
    write(`${JSON.stringify(notice)}\n`)
  })
  // Without a listener an error would end the process.
  stream.on('error', () => {
    isBroken = true
  })
  // At exit sonic-boom tries for ever what cannot be written.
  const flushSync = stream.flushSync.bind(stream)
  stream.flushSync = () => {
    if (!isBroken) flushSync()
  }

  async function flush(): Promise<void> {
    if (waitingBytes === 0) return
    // One flush may leave up to a batch that came while it ran.
    do {
      const error = await new Promise<unknown>((resolve) => stream.flush(resolve))
      // Pipes and terminals cannot be synced, which flush tries and reports; they are written to all the same.
      if (error instanceof Error && !isUnsyncable(error)) return
    } while (waitingBytes > 0 && !isBroken)
  }

  return { write, flush, close: () => stream.destroy() }
}

function isUnsyncable(error: NodeJS.ErrnoException): boolean {
  return error.syscall === 'fsync'
}
