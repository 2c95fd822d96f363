import type { Audit } from '../registry/audit.ts'
import type { RefusedVisit } from './admin-app.ts'
import { actorOf } from './records.ts'

/**
 * Enters a refusal of a known actor into the audit trail: what was asked for, and why it was not done. Never rejects;
 * what went wrong is told, since the refusal itself must reach the client.
 */
export async function noteRefusal(
  { visit, method, path, refusal }: RefusedVisit,
  audit: Pick<Audit, 'append'>,
  onFault: (error: unknown) => void,
): Promise<void> {
  const { code } = refusal
  // A name that nobody knows is the client's own word, and may be anything: a secret put in the wrong place.
  const field = code === 'unknown_field' || code === 'invalid_json' ? undefined : refusal.field
  try {
    await audit.append(actorOf(visit), [
      {
        action: 'refused',
        entity: null,
        after: { method, path, code, ...(field === undefined ? {} : { field }) },
      },
    ])
  } catch (error) {
    onFault(error)
  }
}
