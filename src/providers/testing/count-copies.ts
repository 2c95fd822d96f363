/** Bytes that `work` copies by Buffer's own `copy`: shows that a decoder's work is linear. */
export function countCopies(work: () => void): number {
  const { copy } = Buffer.prototype
  let copied = 0
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof copy>) {
    const count = copy.apply(this, args)
    copied += count
    return count
  }
  try {
    work()
  } finally {
    Buffer.prototype.copy = copy
  }
  return copied
}
