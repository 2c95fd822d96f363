import type { EntityCounts } from '../../registry/transfer/export-registry.ts'
import { entityKinds } from '../../store/contract.ts'

/** `2 credentials, 1 model` */
export function toldCounts(counts: EntityCounts): string {
  const told = entityKinds.filter((kind) => counts[kind] > 0).map((kind) => counted(counts[kind], kind))
  return told.length === 0 ? 'an empty registry' : told.join(', ')
}

export function isEmpty(counts: EntityCounts): boolean {
  return entityKinds.every((kind) => counts[kind] === 0)
}

/** `1 credential`, `2 credentials` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
