import { RedisFailure } from './failure.ts'

export interface ScanOptions {
  readonly timeoutMs: number
  /** Texts that belong together. */
  readonly width: number
  /** Answers the next cursor and texts. */
  readonly read: (cursor: string, count: string) => Promise<unknown>
  /** The same may come more than once. */
  readonly each: (texts: string[]) => void
}

const COUNT = '500'

/** Reads a hash in pages. What is in it all the while comes; what comes or goes meanwhile may. */
export async function scan({ timeoutMs, width, read, each }: ScanOptions): Promise<void> {
  const end = performance.now() + timeoutMs
  let cursor = '0'
  do {
    const [next = '0', ...texts] = (await read(cursor, COUNT)) as string[]
    for (let index = 0; index < texts.length; index += width) each(texts.slice(index, index + width))
    cursor = next
    if (performance.now() > end) throw new RedisFailure('not everything could be read in time')
  } while (cursor !== '0')
}
