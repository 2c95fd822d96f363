import type { EntityKey } from '../store/contract.ts'
import type { Actor } from './actor.ts'
import type { Editor } from './edit.ts'
import type { StoredState } from './stored/state.ts'

/** Clocks differ, and a token is good for a little longer than it says. */
const KEPT_MS = 86_400_000

/** The applications' keys that ended so long ago that no record is needed by which to refuse them. `now`: ms since 1970. */
export function endedKeys({ keys }: StoredState, now: number): EntityKey[] {
  return [...keys.values()]
    .filter(({ expires_at: end }) => Date.parse(end) + KEPT_MS < now)
    .map(({ id }) => ({ kind: 'key', id }))
}

const gateway: Actor = {
  subject: 'modelgate',
  issuer: 'modelgate',
  kind: 'system',
  address: null,
  requestId: null,
}

/** Lets go of them. Rejects as the editor does. */
export async function dropEndedKeys(editor: Editor, now: number): Promise<void> {
  await editor.edit(gateway, (at) => ({ deletes: endedKeys(at, now), audit: [], result: undefined }))
}
