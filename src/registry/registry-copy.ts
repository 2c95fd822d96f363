import type { Clock } from '../core/clock.ts'
import type { RegistryChanges, RegistryPosition, Store } from '../store/contract.ts'
import { type Declaration, declareTrue, readDeclaration } from './declared-true.ts'
import { deriveRegistryKeys, loadRegistryKeys, type RegistryKeys } from './root-key.ts'
import type { SavedRegistry, ToSave } from './snapshot-file.ts'
import { emptyState, type StoredState } from './stored/state.ts'
import type { Vault } from './vault.ts'

export interface RegistryCopyOptions {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly acceptReset: boolean
  /** Called with each new state. Must not throw. */
  readonly onState: (state: StoredState) => void
}

/** What this process knows of the registry, and how it takes what the store says of it. */
export interface RegistryCopy {
  /** Asks the store once. Rejects with what it rejects with, and with VaultError; then what was known stays. */
  look(): Promise<'current' | 'suspect'>
  /** Begins with what was saved, until the store answers. */
  restore(saved: SavedRegistry): void
  /** The state with what this process has written; `ahead`: it has not seen all that came before. */
  written(state: StoredState): 'taken' | 'known' | 'ahead'
  /** null: nothing is known. */
  state(): StoredState | null
  keys(): RegistryKeys | null
  isSuspect(): boolean
  ageMs(): number | null
  toSave(): ToSave | null
}

/** The store is not believed. */
interface Doubt {
  /** Where it stood last. */
  readonly position: RegistryPosition
  /** It had lost commits: that it counts on does not bring them back. */
  readonly isBehind: boolean
}

export function createRegistryCopy(options: RegistryCopyOptions): RegistryCopy {
  const { vault, clock, acceptReset, onState } = options
  const { registry, blobs } = options.store
  let held: StoredState | null = null
  /** What is known may not be what the store last told, which is read as a whole then: it was saved, or that not taken. */
  let isUnsure = false
  let keys: RegistryKeys | null = null
  let declaration: Declaration | null = null
  let doubt: Doubt | null = null
  let currentAt: number | null = null

  function hold(state: StoredState): void {
    held = state
    isUnsure = false
    onState(state)
  }

  /** Everything there is, in the place of whatever was known. */
  async function replace(changes: RegistryChanges): Promise<void> {
    const whole = changes.whole ? changes : await registry.fetch(null)
    keys = await loadRegistryKeys({ blobs, vault, known: keys?.root ?? null })
    hold(emptyState.apply(whole))
  }

  async function take(changes: RegistryChanges): Promise<void> {
    if (held === null || isUnsure || doubt !== null) return replace(changes)
    if (isNews(changes, held)) hold((changes.whole ? emptyState : held).apply(changes))
    else isUnsure = changes.whole
  }

  /** The store has lost what was known. It is believed only where somebody said so: `accept_reset`, or an import. */
  async function takeLoss(changes: RegistryChanges, said: Declaration | null): Promise<boolean> {
    const isDeclared = said?.epoch === changes.position.epoch && said.id !== declaration?.id
    if (!isDeclared && !acceptReset) return false
    isUnsure = true
    await replace(changes)
    declaration = isDeclared ? said : await declareTrue({ blobs, vault }, changes.position.epoch)
    return true
  }

  async function look(): Promise<'current' | 'suspect'> {
    // First, since it is quickly read: what all was read for would be lost with it.
    const said = await readDeclaration({ blobs, vault })
    const before = held
    const since = doubt?.position ?? (isUnsure ? null : (held?.position ?? null))
    const changes = await registry.fetch(since)
    const loss = held === before ? doubtOf(changes, held, doubt) : doubtMeanwhile(changes, held, doubt)
    if (loss === null) {
      await take(changes)
      declaration = said
    } else if (!(await takeLoss(changes, said))) {
      doubt = loss
      return 'suspect'
    }
    doubt = null
    currentAt = clock.monotonic()
    return 'current'
  }

  return {
    look,
    restore(saved) {
      keys = deriveRegistryKeys(saved.root)
      declaration = saved.declaration
      currentAt = clock.monotonic() - Math.max(0, clock.now() - saved.savedAt)
      hold(saved.state)
      isUnsure = true
    },
    written(state) {
      const place = doubt === null ? placeOf(state, held) : 'ahead'
      if (place === 'taken') hold(state)
      return place
    },
    state: () => held,
    keys: () => keys,
    isSuspect: () => doubt !== null,
    ageMs: () => (currentAt === null ? null : clock.monotonic() - currentAt),
    toSave: () => held && keys && { state: held, root: keys.root, declaration, savedAt: clock.now() },
  }
}

/** A whole answer was not asked for: the store may have been another's meanwhile, and equal counts hide that. */
function isNews({ position, whole }: RegistryChanges, held: StoredState): boolean {
  const ahead = position.revision - held.position.revision
  return ahead > 0 || (ahead === 0 && whole)
}

/** Whether a state that was written is the next one. */
function placeOf({ position }: StoredState, held: StoredState | null): 'taken' | 'known' | 'ahead' {
  if (held?.position.epoch !== position.epoch) return 'ahead'
  const ahead = position.revision - held.position.revision
  return ahead === 1 ? 'taken' : ahead < 1 ? 'known' : 'ahead'
}

/** Whether what the store holds is not what was built upon. */
function doubtOf({ position }: RegistryChanges, held: StoredState | null, doubt: Doubt | null): Doubt | null {
  if (held === null) return null
  const before = held.position
  if (position.epoch !== before.epoch) return { position, isBehind: doubt?.isBehind === true }
  const isBehind = position.revision < before.revision || doubt?.isBehind === true
  return isBehind ? { position, isBehind } : null
}

/** The same where this process has written meanwhile, which makes an answer old, not wrong. */
function doubtMeanwhile(
  changes: RegistryChanges,
  held: StoredState | null,
  doubt: Doubt | null,
): Doubt | null {
  return changes.position.epoch === held?.position.epoch ? null : doubtOf(changes, held, doubt)
}
