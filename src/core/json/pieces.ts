/** Bytes that came one after another and stay where they are; offsets count through all of them. */
export type Pieces = readonly Uint8Array[]

/**
 * Views of the bytes from `start` to `end`. Each call must begin no earlier than the last one did, so that all of them
 * together go through the pieces once.
 */
export function createSlicer(pieces: Pieces): (start: number, end: number) => Uint8Array[] {
  let index = 0
  /** Where that piece begins. */
  let offset = 0
  return (start, end) => {
    for (; offset + lengthAt(pieces, index) <= start && index < pieces.length; index++) {
      offset += lengthAt(pieces, index)
    }
    const views: Uint8Array[] = []
    let at = offset
    for (let next = index; next < pieces.length && at < end; next++) {
      const piece = pieces[next] as Uint8Array
      views.push(piece.subarray(Math.max(0, start - at), Math.min(piece.length, end - at)))
      at += piece.length
    }
    return views
  }
}

/** The text of a part of them, which need not begin or end where a piece does. */
export function textOf(pieces: Pieces, start: number, end: number): string {
  return Buffer.concat(createSlicer(pieces)(start, end)).toString('utf8')
}

function lengthAt(pieces: Pieces, index: number): number {
  return pieces[index]?.length ?? 0
}
