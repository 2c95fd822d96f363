import type { Connection, Credential, Model, Route } from '../core/entities.ts'
import type { EntityKind, RegistryPosition } from '../store/contract.ts'
import type { RegistryFault } from './resolve/stored.ts'
import type { Team } from './team.ts'

/** A stored entity that one of the file's hides, having its name. */
export interface Shadowed {
  readonly kind: EntityKind
  readonly id: string
  readonly name: string
  /** The id of the file's. */
  readonly by: string
}

/**
 * Everything that is declared, by the file or in the store, resolved and immutable: what one request sees from its
 * beginning to its end.
 */
export interface Snapshot {
  /** Of the store's part. */
  readonly position: RegistryPosition
  /** By the name as declared, else by one that differs only in capitals or in how its characters are composed. */
  modelByName(name: string): Model | undefined
  routeByName(name: string): Route | undefined
  model(id: string): Model | undefined
  route(id: string): Route | undefined
  team(id: string): Team | undefined
  connection(id: string): Connection | undefined
  /** Reusable, or one connection's own. */
  credential(id: string): Credential | undefined
  models(): readonly Model[]
  routes(): readonly Route[]
  teams(): readonly Team[]
  /** The reusable ones. */
  credentials(): readonly Credential[]
  connectionsOfCredential(id: string): readonly Connection[]
  /** Whether the gateway's own token with this id (`jti`) was revoked. What is not known was not. */
  isRevoked(tokenId: string): boolean
  /** For the log at start and for views. */
  readonly shadowed: readonly Shadowed[]
  /** What is stored and cannot serve. The connections concerned have an inactive credential. */
  readonly faults: readonly RegistryFault[]
}

/** Holds the snapshot that requests begin with. */
export interface Registry {
  current(): Snapshot
  /** Takes effect at once for requests that come; those under way keep theirs. */
  replace(next: Snapshot): void
  /** Called after each `replace`, in order. Answers how to stop it. */
  onChange(listener: (next: Snapshot) => void): () => void
}

export function createRegistry({ snapshot }: { snapshot: Snapshot }): Registry {
  let current = snapshot
  const listeners = new Set<(next: Snapshot) => void>()
  return {
    current: () => current,
    replace(next) {
      current = next
      for (const listener of listeners) listener(next)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
