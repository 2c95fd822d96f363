import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { maxTransferBytes } from '../../registry/transfer/transfer-file.ts'

export interface WriteLinesOptions {
  /** With their line feeds. */
  readonly lines: Iterable<string>
  /** null, or `-`: standard output. */
  readonly path: string | null
  readonly maxBytes?: number
}

const BATCH_CHARACTERS = 64 * 1024

/** Writes a file for its owner alone, in its place once it is whole. Rejects with what the disk or the pipe does. */
export async function writeLines({
  lines,
  path,
  maxBytes = maxTransferBytes,
}: WriteLinesOptions): Promise<void> {
  const batches = bounded(lines, maxBytes)
  if (path === null || path === '-') {
    // What the callbacks tell is told by an event too, which would end the process.
    process.stdout.on('error', () => undefined)
    for (const batch of batches) await toStandardOutput(batch)
    return
  }
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`
  try {
    const file = await open(unfinished, 'wx', 0o600)
    await writeAll(file, batches)
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
}

function* bounded(lines: Iterable<string>, maxBytes: number): Generator<string> {
  let batch = ''
  let bytes = 0
  for (const line of lines) {
    bytes += Buffer.byteLength(line)
    if (bytes > maxBytes) throw new Error(`the file would be larger than ${maxBytes} bytes`)
    batch += line
    if (batch.length < BATCH_CHARACTERS) continue
    yield batch
    batch = ''
  }
  yield batch
}

async function writeAll(file: FileHandle, batches: Iterable<string>): Promise<void> {
  try {
    for (const batch of batches) await file.writeFile(batch)
    await file.sync()
  } finally {
    await file.close()
  }
}

function toStandardOutput(batch: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(batch, (error) => (error ? reject(error) : resolve()))
  })
}
