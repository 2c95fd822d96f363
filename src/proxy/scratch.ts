/** Larger bodies get memory of their own. */
const largestKept = 4 * 1024 * 1024

/**
 * Puts the pieces of a body together to be looked through, in memory that the next body takes over: nobody may keep
 * what it answers beyond the turn. The pieces themselves are what is kept and sent. Large bodies cost most by the
 * memory they are given: what lies outside the heap drives the collector to go through all of it.
 */
export function createScratch(): (pieces: readonly Buffer[]) => Buffer {
  let memory = Buffer.alloc(0)
  return (pieces) => {
    if (pieces.length === 1) return pieces[0] as Buffer
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (length > largestKept) return Buffer.concat(pieces)
    if (length > memory.length) memory = Buffer.allocUnsafeSlow(Math.max(length, 2 * memory.length))
    let at = 0
    for (const piece of pieces) {
      memory.set(piece, at)
      at += piece.length
    }
    return memory.subarray(0, length)
  }
}
