import { write as writeSome, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

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
  /**
   * No write is larger, unless a single line is. 4,096 bytes is what a pipe takes whole, so that lines of several
   * processes do not run into each other.
   */
  readonly maxWriteBytes?: number
}

/** A write for every few lines would cost a request more than making its line does. */
const batchBytes = 131_072
/** Between tries on a pipe that is full. */
const pauseMs = 20
/** How long a full pipe may hold up the process's exit. */
const longestExitMs = 1000

/**
 * Writes in the background, in order and several lines at once, so that a slow reader of the log slows no request. A
 * reader that is gone is no fault: what it does not take is lost. A process that exits without `close` writes out what
 * waits, which may then overtake what is being written. pino's own destination would do as well, but tries for ever to
 * write out at exit what cannot be written, and the process would never end.
 */
export function createDescriptorDestination({
  descriptor = 1,
  maxBufferedBytes = 8 * 1024 * 1024,
  maxWaitMs = 100,
  maxWriteBytes = Infinity,
}: DescriptorOptions = {}): Required<LogDestination> {
  let lines: string[] = []
  let queuedBytes = 0
  /** The batch under way included. */
  let waitingBytes = 0
  let droppedLines = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | null = null
  let isClosed = false

  function write(line: string): void {
    if (isClosed) return
    const bytes = Buffer.byteLength(line)
    if (waitingBytes + bytes > maxBufferedBytes) {
      droppedLines++
      return
    }
    lines.push(line)
    queuedBytes += bytes
    waitingBytes += bytes
    schedule()
  }

  /** A full batch at once, a smaller one after a while. */
  function schedule(): void {
    if (queuedBytes >= batchBytes) writing ??= writeOut()
    else if (queuedBytes > 0) timer ??= setTimeout(onTimer, maxWaitMs)
  }

  /** One batch, not `flush`: while lines keep coming that would go on for ever, with a write for each. */
  function onTimer(): void {
    timer = undefined
    writing ??= writeOut()
  }

  function take(): Buffer {
    const batch = Buffer.from(lines.join(''))
    lines = []
    queuedBytes = 0
    clearTimeout(timer)
    timer = undefined
    return batch
  }

  async function writeOut(): Promise<void> {
    do {
      const batch = take()
      for (const part of writesOf(batch, maxWriteBytes)) await writeAll(descriptor, part, () => isClosed)
      waitingBytes -= batch.length
      if (droppedLines > 0) write(droppedNotice(droppedLines))
      droppedLines = 0
    } while (queuedBytes >= batchBytes)
    writing = null
    schedule()
  }

  async function flush(): Promise<void> {
    while (waitingBytes > 0 && !isClosed) await (writing ??= writeOut())
  }

  const writeAtExit = () => {
    for (const part of writesOf(take(), maxWriteBytes)) writeAllNow(descriptor, part)
  }
  process.once('exit', writeAtExit)

  return {
    write,
    flush,
    close: () => {
      isClosed = true
      take()
      process.removeListener('exit', writeAtExit)
    },
  }
}

const lineFeed = 10

/** Whole lines, as many as fit into so many bytes; a longer one by itself. */
export function* writesOf(batch: Buffer, maxBytes: number): Generator<Buffer> {
  let from = 0
  while (batch.length - from > maxBytes) {
    const last = batch.subarray(0, from + maxBytes).lastIndexOf(lineFeed)
    const end = last < from ? batch.indexOf(lineFeed, from) : last
    if (end < from) break
    yield batch.subarray(from, end + 1)
    from = end + 1
  }
  if (from < batch.length) yield batch.subarray(from)
}

function droppedNotice(count: number): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, lines: count, [messageKey]: 'log lines were dropped' })}\n`
}

const writePart = promisify(writeSome)

async function writeAll(descriptor: number, bytes: Buffer, isClosed: () => boolean): Promise<void> {
  refuseToBlock(descriptor)
  let rest = bytes
  while (rest.length > 0 && !isClosed()) {
    try {
      const { bytesWritten } = await writePart(descriptor, rest)
      rest = rest.subarray(bytesWritten)
    } catch (error) {
      if (!isFull(error)) return
      await sleep(pauseMs)
    }
  }
}

function writeAllNow(descriptor: number, bytes: Buffer): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  let rest = bytes
  let pausedMs = 0
  while (rest.length > 0 && pausedMs < longestExitMs) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (!isFull(error)) return
      Atomics.wait(pause, 0, 0, pauseMs)
      pausedMs += pauseMs
    }
  }
}

/**
 * A write to a full pipe has to fail, not to wait: Node joins its threads at exit, and one that waits in a write would
 * hold that up for as long as nobody reads. Node has no call for it, but opens its own streams so.
 */
function refuseToBlock(descriptor: number): void {
  if (descriptor === 1) void process.stdout
  if (descriptor === 2) void process.stderr
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN'
}
