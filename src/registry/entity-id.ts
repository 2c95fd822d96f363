import { createHash } from 'node:crypto'

/** The id of what the configuration file declares: made from kind and name, so that replicas agree (design §8). */
export function entityId(kind: string, ...names: readonly string[]): string {
  return createHash('sha256')
    .update([kind, ...names].join('\0'))
    .digest('hex')
    .slice(0, 24)
}
