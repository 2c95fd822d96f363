import { randomFillSync } from 'node:crypto'

const idBytes = 16
const idsAtOnce = 1024

/** Ids of 128 random bits, 32 hexadecimal digits. Randomness is fetched for many at once: each request needs two. */
export function createMakeId(): () => string {
  const random = Buffer.alloc(idBytes * idsAtOnce)
  let digits = ''
  let at = 0
  return () => {
    if (at === digits.length) {
      digits = randomFillSync(random).toString('hex')
      at = 0
    }
    const id = digits.slice(at, at + idBytes * 2)
    at += idBytes * 2
    return id
  }
}
