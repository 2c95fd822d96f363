import type { ServerResponse } from 'node:http'
import { asLatin1 } from './write-chunk.ts'

/** How long a client may leave the last bytes of its answer unread, without taking any, ms. */
const patienceMs = 60_000
/** Pieces in which a large answer is handed to the socket: progress shows only between them. */
const sliceBytes = 256 * 1024
/** Node joins a text with the head before it, where bytes would be a piece of their own in the write. */
const textBytes = 8 * 1024

/**
 * Ends an answer with its last bytes. They reach a client that reads, however slowly; one that takes nothing for a
 * minute is cut, and before the end was written, since SDKs take a clean end for success.
 */
export function endAnswer(outgoing: ServerResponse, last: Uint8Array | string): void {
  if (last.length > sliceBytes) writeSlices(outgoing, Buffer.from(last))
  else if (typeof last === 'string' || last.length > textBytes) outgoing.end(last)
  else outgoing.end(asLatin1(last), 'latin1')
  if ((outgoing.socket?.writableLength ?? 0) > 0) cutIfStalled(outgoing)
}

function writeSlices(outgoing: ServerResponse, bytes: Buffer): void {
  let at = 0
  const next = (): void => {
    while (bytes.length - at > sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes)
      at += sliceBytes
      if (!outgoing.write(slice)) return void outgoing.once('drain', next)
    }
    outgoing.end(bytes.subarray(at))
  }
  next()
}

function cutIfStalled(outgoing: ServerResponse): void {
  const timer = setTimeout(() => outgoing.destroy(), patienceMs)
  outgoing.on('drain', () => timer.refresh())
  outgoing.once('close', () => clearTimeout(timer))
}
