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

const batchBytes = 4096

/**
 * Writes in the background, in order and several lines at once, so that a slow reader of the log slows no request. A
 * reader that is gone is no fault: what is written from then on is lost. A process that exits without `close` writes
 * out what waits, for which a reader that is gone at that very moment can hold it up.
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
  stream.on('error', () => {})

  async function flush(): Promise<void> {
    // One flush may leave up to a batch that came while it ran.
    while (waitingBytes > 0) {
      const error = await new Promise<unknown>((resolve) => stream.flush(resolve))
      // Pipes and terminals cannot be synced, which flush tries and reports; they are written to all the same.
      if (error instanceof Error && !isUnsyncable(error)) return
    }
  }

  return { write, flush, close: () => stream.destroy() }
}

function isUnsyncable(error: NodeJS.ErrnoException): boolean {
  return error.syscall === 'fsync'
}
