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
  const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
  // Asked by Node within `write` only: whether it is to do what is done here.
  outgoing.chunkedEncoding = false
  try {
    const size = `${bytes.length.toString(16)}\r\n`
    // As Latin-1, also since the head goes out in the same encoding as the text behind it.
    if (bytes.length <= textBytes) return outgoing.write(`${size}${asLatin1(bytes)}\r\n`, 'latin1')
    outgoing.write(size, 'latin1')
    outgoing.write(bytes)
    return outgoing.write('\r\n', 'latin1')
  } finally {
    outgoing.chunkedEncoding = true
  }
}

/** Each byte as a character: written as Latin-1, what goes out is the same bytes, whatever they are. */
export function asLatin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
