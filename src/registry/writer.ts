import type { KeyObject } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import { BatchTooLarge } from '../store/bounds.ts'
import {
  MAX_ENTITY_BYTES,
  type EntityKey,
  type Store,
  type StoredAuditEntry,
  type StoredEntity,
} from '../store/contract.ts'
import type { Actor } from './actor.ts'
import { encodeRecord } from './stored/codec.ts'
import type { KindedRecord } from './stored/records.ts'
import type { StoredState } from './stored/state.ts'
import type { Sync } from './sync.ts'
import type { Pause } from './timers.ts'
import { type AuditDraft, chainEntries } from './trail/chain.ts'
import { createAuditHead } from './trail/head.ts'
import { createTurns } from './turns.ts'
import { RegistryUnavailable } from './unavailable.ts'
import type { Vault } from './vault.ts'

/** What is to be written, and what whoever asked for it is to know. */
export interface Change<Result> {
  readonly puts?: readonly KindedRecord[]
  readonly deletes?: readonly EntityKey[]
  readonly audit: readonly AuditDraft[]
  readonly result: Result
}

export interface Edited<Result> {
  readonly result: Result
  /** With the change made: versions are set. */
  readonly state: StoredState
}

/** An entity is larger than a store takes. */
export class EntityTooLarge extends Error {
  constructor() {
    super(`What is to be kept is larger than ${MAX_ENTITY_BYTES} bytes.`)
    this.name = 'EntityTooLarge'
  }
}

/** Everything that is written to the registry and the audit trail, one after the other. */
export interface RegistryWriter {
  /**
   * Runs `change` against the state, again on another state where somebody else was first, and writes what it answers:
   * all of it or nothing. What it throws is thrown. Throws RegistryUnavailable, EntityTooLarge and BatchTooLarge.
   */
  write<Result>(
    actor: Actor,
    change: (state: StoredState) => Change<Result>,
    form?: WriteForm,
  ): Promise<Edited<Result>>
  /** Entries without a change. Throws RegistryUnavailable. */
  append(actor: Actor, drafts: readonly AuditDraft[]): Promise<void>
}

interface WriteForm {
  /** What is written is the same to whoever reads it (sealed anew, for one): versions stay. */
  readonly keepsVersions?: boolean
}

export interface RegistryWriterOptions {
  readonly store: Store
  readonly sync: Sync
  readonly vault: Vault
  readonly clock: Clock
  readonly random?: () => number
  readonly pause: Pause
}

const MAX_ATTEMPTS = 10
const MAX_WAITING = 200
/** Between attempts, ms; doubled each time, as others are trying too. */
const FIRST_PAUSE_MS = 5

export function createRegistryWriter(options: RegistryWriterOptions): RegistryWriter {
  const { store, sync, vault, clock, random = Math.random, pause } = options
  const turns = createTurns({ most: MAX_WAITING, onFull: () => new RegistryUnavailable('busy') })
  const head = createAuditHead({ store, vault })

  /** The state that a write may begin with. */
  async function begin(): Promise<StoredState> {
    if (!store.up()) throw new RegistryUnavailable('down')
    if (sync.status().kind !== 'current') await sync.refresh()
    const { kind } = sync.status()
    if (kind !== 'current') throw new RegistryUnavailable(kind === 'stale' ? 'down' : kind)
    return sync.state()
  }

  function auditKey(): KeyObject {
    const keys = sync.keys()
    if (keys === null) throw new RegistryUnavailable('starting')
    return keys.audit
  }

  async function audited(actor: Actor, drafts: readonly AuditDraft[]): Promise<StoredAuditEntry[]> {
    if (drafts.length === 0) return []
    const key = auditKey()
    try {
      const last = await store.audit.last()
      if (last === null) await head.begin()
      return chainEntries({ last, drafts, actor, now: clock.now(), key })
    } catch (cause) {
      throw new RegistryUnavailable('down', { cause })
    }
  }

  async function attempt<Result>(
    actor: Actor,
    change: (state: StoredState) => Change<Result>,
    { keepsVersions = false }: WriteForm,
  ): Promise<Edited<Result> | null> {
    const state = await begin()
    const { puts = [], deletes = [], audit: drafts, result } = change(state)
    const isChange = puts.length > 0 || deletes.length > 0
    if (!isChange && drafts.length === 0) return { result, state }
    const entities = puts.map((put) => encoded(keepsVersions ? put : nextVersion(put, state)))
    const audit = await audited(actor, drafts)
    const expected = isChange ? state.position : null
    const outcome = await store.registry
      .commit({ puts: entities, deletes, audit }, expected)
      .catch((cause: unknown) => {
        if (cause instanceof BatchTooLarge) throw cause
        throw new RegistryUnavailable('uncertain', { cause })
      })
    if (outcome.kind === 'conflict') return null
    const { position } = outcome
    const after = isChange ? state.apply({ position, whole: false, entities, deleted: deletes }) : state
    if (isChange) sync.written(after)
    // They are written: that the head lags behind for a while is made good by the next.
    await head.advance(audit, auditKey()).catch(() => undefined)
    return { result, state: after }
  }

  const write: RegistryWriter['write'] = (actor, change, form = {}) =>
    turns(async () => {
      for (let count = 0; count < MAX_ATTEMPTS; count += 1) {
        const edited = await attempt(actor, change, form)
        if (edited !== null) return edited
        await pause(FIRST_PAUSE_MS * 2 ** Math.min(count, 6) * (0.5 + random()))
        await sync.refresh()
      }
      throw new RegistryUnavailable('busy')
    })

  return {
    write,
    async append(actor, drafts) {
      await write(actor, () => ({ audit: drafts, result: null }))
    },
  }
}

function encoded(put: KindedRecord): StoredEntity {
  const entity = encodeRecord(put)
  if (Buffer.byteLength(entity.json) > MAX_ENTITY_BYTES) throw new EntityTooLarge()
  return entity
}

function nextVersion(put: KindedRecord, state: StoredState): KindedRecord {
  const version = (recordsOf(state, put.kind).get(put.record.id)?.version ?? 0) + 1
  // The kind stays with its record.
  return { kind: put.kind, record: { ...put.record, version } } as KindedRecord
}

function recordsOf(state: StoredState, kind: KindedRecord['kind']): ReadonlyMap<string, { version: number }> {
  switch (kind) {
    case 'credential':
      return state.credentials
    case 'model':
      return state.models
    case 'connection':
      return state.connections
    case 'team':
      return state.teams
    case 'key':
      return state.keys
    case 'route':
      return state.routes
  }
}
