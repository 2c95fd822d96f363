import type { EntityCounts } from '../../registry/transfer/export-registry.ts'
import { entityKinds } from '../../store/contract.ts'

/** `2 credentials, 1 model` */
export function toldCounts(counts: EntityCounts): string {
  const told = entityKinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}${counts[kind] === 1 ? '' : 's'}`)
  return told.length === 0 ? 'an empty registry' : told.join(', ')
}
