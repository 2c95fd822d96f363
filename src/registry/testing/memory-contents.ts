import { randomBytes } from 'node:crypto'
import type {
  CommitResult,
  EntityKey,
  RegistryBatch,
  RegistryChanges,
  RegistryPosition,
  StoredAuditEntry,
  StoredEntity,
} from '../../store/contract.ts'

/** What a store holds of the registry, the trail and the blobs. */
export interface Contents {
  position: RegistryPosition
  readonly entities: Map<string, { readonly entity: StoredEntity; readonly revision: number }>
  readonly deleted: Map<string, { readonly key: EntityKey; readonly revision: number }>
  audit: StoredAuditEntry[]
  readonly blobs: Map<string, Uint8Array>
}

export function emptyContents(): Contents {
  return {
    position: { epoch: randomBytes(8).toString('hex'), revision: 0 },
    entities: new Map(),
    deleted: new Map(),
    audit: [],
    blobs: new Map(),
  }
}

export function copyContents({ position, entities, deleted, audit, blobs }: Contents): Contents {
  return {
    position,
    entities: new Map(entities),
    deleted: new Map(deleted),
    audit: [...audit],
    blobs: new Map(blobs),
  }
}

export function changesSince(contents: Contents, since: RegistryPosition | null): RegistryChanges {
  const { position, entities, deleted } = contents
  const isKnown = since?.epoch === position.epoch && since.revision <= position.revision
  const from = isKnown ? since.revision : -1
  const isNews = ({ revision }: { revision: number }) => revision > from
  return {
    position,
    whole: !isKnown,
    entities: [...entities.values()].filter(isNews).map(({ entity }) => entity),
    deleted: isKnown ? [...deleted.values()].filter(isNews).map(({ key }) => key) : [],
  }
}

export function commitTo(
  contents: Contents,
  { puts, deletes, audit }: RegistryBatch,
  expected: RegistryPosition | null,
): CommitResult {
  const { position, entities, deleted } = contents
  const isChange = puts.length + deletes.length > 0
  const isPlace = expected?.epoch === position.epoch && expected.revision === position.revision
  const last = contents.audit.at(-1)?.sequence ?? 0
  const isNext = audit.every(({ sequence }, index) => sequence === last + 1 + index)
  if ((isChange && !isPlace) || !isNext) return { kind: 'conflict' }
  contents.audit.push(...audit)
  if (!isChange) return { kind: 'committed', position }
  const revision = position.revision + 1
  contents.position = { ...position, revision }
  for (const entity of puts) {
    entities.set(textOf(entity), { entity, revision })
    deleted.delete(textOf(entity))
  }
  for (const key of deletes) {
    entities.delete(textOf(key))
    deleted.set(textOf(key), { key, revision })
  }
  return { kind: 'committed', position: contents.position }
}

export function pruneAudit(contents: Contents, at: number): number {
  const { audit } = contents
  const gone = audit.findIndex((entry, index) => entry.at >= at || index === audit.length - 1)
  contents.audit = audit.slice(Math.max(0, gone))
  return audit.length - contents.audit.length
}

function textOf({ kind, id }: EntityKey): string {
  return `${kind} ${id}`
}
