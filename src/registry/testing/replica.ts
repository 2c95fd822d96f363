import type { KeyObject } from 'node:crypto'
import type { Store } from '../../store/contract.ts'
import type { Actor } from '../actor.ts'
import { createAudit } from '../audit.ts'
import { createCredentialSecrets } from '../credential-secrets.ts'
import { createEditor } from '../edit.ts'
import { entityId } from '../entity-id.ts'
import { createSync, type SyncOptions } from '../sync.ts'
import { RegistryUnavailable } from '../unavailable.ts'
import type { Vault } from '../vault.ts'
import { createRegistryWriter } from '../writer.ts'
import { createManualTime, type ManualTime } from './clocks.ts'
import { testTime } from './large-registry.ts'
import { createTestVault } from './vault.ts'

export const somebody: Actor = {
  subject: 'somebody',
  issuer: 'https://issuer.test',
  kind: 'token',
  address: '192.0.2.1',
  requestId: 'request-1',
}

export interface ReplicaOptions extends Partial<SyncOptions> {
  readonly store: Store
  readonly vault?: Vault
  readonly time?: ManualTime
}

/** What one process has of the registry, put together as the application does. */
export function createReplica({
  store,
  vault = createTestVault(),
  time = createManualTime(),
  ...more
}: ReplicaOptions) {
  const { clock, after } = time
  const faults: string[] = []
  const onFault = (message: string) => void faults.push(message)
  const sync = createSync({ store, vault, clock, after, random: () => 0.5, onFault, ...more })
  const keys = () => sync.keys()
  const writer = createRegistryWriter({ store, sync, vault, clock, pause: turns })
  const audit = createAudit({ store, vault, keys, writer })
  const secrets = createCredentialSecrets({ vault, keys })
  return { sync, writer, audit, editor: createEditor({ writer }), secrets, time, faults, vault, store }
}

export type Replica = ReturnType<typeof createReplica>

/** Makes replicas, and stops them all in the end. */
export function createReplicas() {
  const made: Replica[] = []
  return {
    replica: (options: ReplicaOptions): Replica => {
      const replica = createReplica(options)
      made.push(replica)
      return replica
    },
    stop: async () => {
      await Promise.all(made.splice(0).map(({ sync }) => sync.stop()))
    },
  }
}

/** The simplest change there is; answers the team's id. */
export async function addTeam({ editor }: Replica, name: string): Promise<string> {
  const id = entityId('team', name)
  const times = { created_by: 'somebody', created_at: testTime, updated_at: testTime }
  const { result } = await editor.edit(somebody, () => ({
    puts: [{ kind: 'team', record: { id, version: 1, name, ...times } }],
    audit: [{ action: 'team.create', entity: { kind: 'team', id, name } }],
    result: id,
  }))
  return result
}

export function teamsOf({ sync }: Replica): string[] {
  return [...sync.state().teams.values()].map(({ name }) => name).toSorted()
}

/** How a write ended. */
export async function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'written',
    (error: unknown) => (error instanceof RegistryUnavailable ? error.reason : String(error)),
  )
}

export function sameKey(one: KeyObject | undefined, other: KeyObject | undefined): boolean {
  return one !== undefined && other !== undefined && one.equals(other)
}

/** Ends with the turns of the event loop rather than with time: longer pauses end later. */
async function turns(ms: number): Promise<void> {
  for (let turn = 0; turn < ms; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
