import type { ServerResponse } from 'node:http'

/** Above it, making a text of the bytes costs more than it saves. */
const textBytes = 2 * 1024

/**
 * Writes a piece of a running answer; false where the client reads slower than we write. Where the answer is in chunked
 * coding (RFC 9112 §7.1), the piece is put between its size and its end here, most as one text: Node would hand the
 * socket four pieces, to be put together again below. Pieces that Node is left to put so itself may only come after
 * the last of these (`end`): it keeps them back for a moment, in which others would overtake them.
 */
export function writeChunk(outgoing: ServerResponse, piece: Uint8Array | string): boolean {
  if (!outgoing.chunkedEncoding) return outgoing.write(piece)
  if (piece.length === 0) return !outgoing.writableNeedDrain
  // Asked by Node within `write` only: whether it is to do what is done here.
  outgoing.chunkedEncoding = false
  try {
    if (typeof piece === 'string') return outgoing.write(chunk(piece, Buffer.byteLength(piece)), 'utf8')
    if (piece.length <= textBytes) return outgoing.write(chunk(asLatin1(piece), piece.length), 'latin1')
    outgoing.write(sizeLine(piece.length), 'latin1')
    outgoing.write(piece)
    return outgoing.write('\r\n', 'latin1')
  } finally {
    outgoing.chunkedEncoding = true
  }
}

function chunk(text: string, size: number): string {
  return `${sizeLine(size)}${text}\r\n`
}

function sizeLine(size: number): string {
  return `${size.toString(16)}\r\n`
}

/** Each byte as a character: written as Latin-1, what goes out is the same bytes, whatever they are. */
export function asLatin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
