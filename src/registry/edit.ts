import type { Actor } from './actor.ts'
import type { StoredState } from './stored/state.ts'
import type { Change, Edited, RegistryWriter } from './writer.ts'

export { BatchTooLarge } from '../store/bounds.ts'
export { EntityTooLarge, type Change, type Edited } from './writer.ts'

/** Changes what the store holds of the registry. */
export interface Editor {
  /**
   * `change` looks at the whole state and says what is to be written; rules over the state stand in it, so that they
   * cannot race. It may run several times, and what it throws is thrown. The versions of what it puts are set here.
   * Throws RegistryUnavailable, EntityTooLarge and BatchTooLarge; then nothing is changed, or, where it is `uncertain`, all or
   * nothing.
   */
  edit<Result>(actor: Actor, change: (state: StoredState) => Change<Result>): Promise<Edited<Result>>
}

export function createEditor({ writer }: { writer: RegistryWriter }): Editor {
  return { edit: (actor, change) => writer.write(actor, change) }
}
