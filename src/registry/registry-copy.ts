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
  /** What was saved may have another history than the store: that is read as a whole once. */
  let isSaved = false
  let keys: RegistryKeys | null = null
  let declaration: Declaration | null = null
  let doubt: Doubt | null = null
  let currentAt: number | null = null

  function hold(state: StoredState): void {
    held = state
    isSaved = false
    onState(state)
  }

  /** Everything there is, in the place of whatever was known. */
  async function replace(changes: RegistryChanges): Promise<void> {
    const whole = changes.whole ? changes : await registry.fetch(null)
    keys = await loadRegistryKeys({ blobs, vault, known: keys?.root ?? null })
    hold(emptyState.apply(whole))
  }

  async function take(changes: RegistryChanges): Promise<void> {
    if (held === null || isSaved || doubt !== null) return replace(changes)
    if (isNews(changes, held)) hold((changes.whole ? emptyState : held).apply(changes))
  }

  /** The store has lost what was known. It is believed only where somebody said so: `accept_reset`, or an import. */
  async function takeLoss(changes: RegistryChanges, said: Declaration | null): Promise<boolean> {
    const { epoch } = changes.position
    const isDeclared = said?.epoch === epoch && said.id !== declaration?.id
    if (!isDeclared && !acceptReset) return false
    await replace(changes)
    declaration = isDeclared ? said : await declareTrue({ blobs, vault }, epoch)
    return true
  }

  async function look(): Promise<'current' | 'suspect'> {
    const before = held
    const since = doubt?.position ?? (isSaved ? null : (held?.position ?? null))
    const [changes, said] = await Promise.all([registry.fetch(since), readDeclaration({ blobs, vault })])
    // What this process has written meanwhile makes an answer old, not wrong.
    const isOld = held !== before && changes.position.epoch === held?.position.epoch
    const loss = isOld ? null : doubtOf(changes.position, held?.position ?? null, doubt)
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
      isSaved = true
    },
    written(state) {
      if (held === null || doubt !== null || held.position.epoch !== state.position.epoch) return 'ahead'
      const ahead = state.position.revision - held.position.revision
      if (ahead === 1) hold(state)
      return ahead === 1 ? 'taken' : ahead < 1 ? 'known' : 'ahead'
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

/** Whether what the store holds is not what was built upon. */
function doubtOf(
  position: RegistryPosition,
  before: RegistryPosition | null,
  doubt: Doubt | null,
): Doubt | null {
  if (before === null) return null
  if (position.epoch !== before.epoch) return { position, isBehind: doubt?.isBehind === true }
  const isBehind = position.revision < before.revision || doubt?.isBehind === true
  return isBehind ? { position, isBehind } : null
}
