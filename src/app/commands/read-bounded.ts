import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { maxTransferBytes } from '../../registry/transfer/transfer-file.ts'

export interface ReadBoundedOptions {
  /** null, or `-`: standard input. */
  readonly path: string | null
  readonly maxBytes?: number
}

/** All of a file. Rejects where it is larger than it may be, and with what the disk does. */
export async function readBounded({
  path,
  maxBytes = maxTransferBytes,
}: ReadBoundedOptions): Promise<Buffer> {
  const source: Readable = path === null || path === '-' ? process.stdin : createReadStream(path)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the file is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
