import type { Clock } from '../core/clock.ts'
import { withDeadline } from './deadline.ts'
import { fits, InvalidKeySet, readKeySet, type KeyHint, type PublishedKey } from './json-web-keys.ts'
import { Refusal } from './refusals.ts'

/** `unreachable`: the keys could not be had; `invalid`: what was had is no set of keys. */
export type RefreshResult = 'success' | 'unreachable' | 'invalid'

/** `detail` says what failed, for the log; null after success. Must not throw. */
export type OnRefresh = (result: RefreshResult, detail: string | null) => void

/** Gets a JSON Web Key Set as text; null where it is still the one that was got last. */
export type LoadKeySet = (signal: AbortSignal) => Promise<string | null>

/** An issuer's keys, loaded when first needed and kept up to date. */
export interface KeySet {
  /**
   * The keys a token with this header may be signed with: at once where they are known, after one load where they are
   * not, and none where that did not help. Rejects with a 503 Refusal while no keys could ever be loaded.
   */
  find(hint: KeyHint): readonly PublishedKey[] | Promise<readonly PublishedKey[]>
  /** Loads in the background where nothing was loaded yet, or what was loaded is old. */
  touch(): void
}

export interface KeySetOptions {
  load: LoadKeySet
  clock: Clock
  /** At least so long passes between loads that brought nothing: an unknown key id, or a source that is down. */
  cooldownMs: number
  /** Keys older than this are loaded again, in the background. */
  maxAgeMs: number
  /** Deadline of one load. */
  timeoutMs: number
  onRefresh?: OnRefresh
}

/** A token that names no key is tried with so many: what it may cost to refuse one stays bounded. */
const MAX_CANDIDATES = 10

/** Without any keys every caller is refused, so the next try comes sooner than the cooldown. */
const FIRST_KEYS_COOLDOWN_MS = 5_000

export function createKeySet({
  load,
  clock,
  cooldownMs,
  maxAgeMs,
  timeoutMs,
  onRefresh = () => {},
}: KeySetOptions): KeySet {
  let keys: readonly PublishedKey[] | null = null
  let loadedAt = -Infinity
  let quietUntil = -Infinity
  let loading: Promise<void> | null = null

  /** One load at a time for all callers, and only the load that is waited for is taken: a late one changes nothing. */
  function refresh(): Promise<void> {
    loading ??= attempt().finally(() => {
      loading = null
    })
    return loading
  }

  async function attempt(): Promise<void> {
    try {
      const text = await withDeadline(timeoutMs, load)
      if (text === null && keys === null) throw new InvalidKeySet('the source has not changed')
      if (text !== null) keys = replaceKeys(keys ?? [], readKeySet(text))
      loadedAt = clock.monotonic()
      if (text !== null) onRefresh('success', null)
    } catch (error) {
      const pause = keys === null ? Math.min(cooldownMs, FIRST_KEYS_COOLDOWN_MS) : cooldownMs
      quietUntil = clock.monotonic() + pause
      onRefresh(error instanceof InvalidKeySet ? 'invalid' : 'unreachable', describe(error))
    }
  }

  function known(hint: KeyHint): readonly PublishedKey[] {
    return (keys ?? []).filter((key) => fits(key, hint)).slice(0, MAX_CANDIDATES)
  }

  async function findAfterLoad(hint: KeyHint): Promise<readonly PublishedKey[]> {
    if (loading !== null || clock.monotonic() >= quietUntil) {
      await refresh()
      const found = known(hint)
      if (found.length > 0) return found
      if (keys !== null) quietUntil = Math.max(quietUntil, clock.monotonic() + cooldownMs)
    }
    if (keys !== null) return []
    const retryAfterMs = Math.max(1, Math.ceil(quietUntil - clock.monotonic()))
    throw new Refusal('jwks_unavailable', { retryAfterMs })
  }

  function touch(): void {
    const now = clock.monotonic()
    if (loading !== null || now - loadedAt <= maxAgeMs || now < quietUntil) return
    // Nobody waits for it, so nobody else would take a fault of the hook's.
    refresh().catch(() => {})
  }

  return {
    find(hint) {
      const found = known(hint)
      if (found.length === 0) return findAfterLoad(hint)
      touch()
      return found
    },
    touch,
  }
}

/** The new keys; those that were there before stay the same objects, those that are gone are marked. */
function replaceKeys(before: readonly PublishedKey[], after: readonly PublishedKey[]): PublishedKey[] {
  const kept = after.map((key) => before.find(({ fingerprint }) => fingerprint === key.fingerprint) ?? key)
  for (const key of before) key.retired = !kept.includes(key)
  return kept
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
