import type { Principal } from '../core/entities.ts'
import type { Actor } from '../registry/actor.ts'
import type { AuditDraft } from '../registry/audit.ts'
import { auditable } from '../registry/auditable.ts'
import { entityFault, type EntityFault } from '../registry/schema/entity-fault.ts'
import type { KindedRecord } from '../registry/stored/records.ts'
import type { Visit } from './endpoint.ts'
import { codeOf, pathText } from './read-input.ts'
import { AdminRefusal, notFound } from './refusal.ts'

/** Who makes a change, for the audit trail. */
export function actorOf({ principal, address, requestId }: Visit): Actor {
  const { subject, issuer } = principal
  return { subject, issuer, kind: isAdminToken(principal) ? 'admin_token' : 'token', address, requestId }
}

/** `MODELGATE_ADMIN_TOKEN` is no JWT and has no id. */
function isAdminToken({ subject, tokenId }: Principal): boolean {
  return subject === 'admin-token' && tokenId === null
}

/** One entry of the audit trail for a record that is made, changed (`before` too) or deleted (`before` alone). */
export function draftOf(action: string, before: KindedRecord | null, after: KindedRecord | null): AuditDraft {
  const shown = after ?? before
  return {
    action,
    entity: shown === null ? null : { kind: shown.kind, id: shown.record.id, name: nameOf(shown) },
    ...(before === null ? {} : { before: auditable(before) }),
    ...(after === null ? {} : { after: auditable(after) }),
  }
}

function nameOf({ record }: KindedRecord): string {
  return record.name ?? record.id
}

/** The stored record that a path names. What the file declares is there but refuses changes (409). */
export function storedOr<Item>(
  item: Item | undefined,
  what: string,
  declared: { readonly managedBy: string } | undefined,
): Item {
  if (item !== undefined) return item
  if (declared?.managedBy !== 'file') throw notFound(what)
  throw new AdminRefusal(
    'managed_by_file',
    `The ${what} is declared by the configuration file: change it there.`,
  )
}

/** Throws AdminRefusal for the first of the rules between fields that does not hold. */
export function requireNone(faults: readonly EntityFault[]): void {
  const [fault] = faults
  if (fault === undefined) return
  const field = fault.path.length === 0 ? undefined : pathText(fault.path)
  throw new AdminRefusal(codeOf(fault.code), fault.message, { field })
}

export function nameTaken(what: string, name: string): EntityFault {
  return entityFault(['name'], `there is a ${what} named ${JSON.stringify(name)} already`, 'conflict')
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
