import type { Connection } from '../../../core/entities.ts'
import type { FailureReason } from '../../../core/failure.ts'
import type { Attempt } from '../../router.ts'
import { failure, makeConnection, makeModel, tryOn } from '../../testing/scene.ts'
import { createEmbeddedGround } from './embedded-ground.ts'
import { createFleet, type Fleet, type FleetOptions, type Replica } from './fleet.ts'

export const connection = makeConnection('one')
export const model = makeModel([connection])

/** Three replicas on one store in memory, whose clock is theirs. */
export async function openThree(options: Partial<FleetOptions> = {}) {
  const ground = createEmbeddedGround()
  const stores = await ground.open(3)
  const { timers } = ground
  const fleet: Fleet = await createFleet({ stores, timers, connections: [connection], ...options })
  const [first, second, third] = fleet.replicas as [Replica, Replica, Replica]
  const states = (one: Connection = connection) =>
    fleet.replicas.map(({ router }) => router.status(one).state)
  const fail = async (replica: Replica, reason: FailureReason, retryAfterMs?: number) => {
    tryOn(replica.pool, connection, failure(reason, retryAfterMs))
    await fleet.settle()
  }
  /** Of so many requests, one replica after the other, those that reach the upstream; they are left in flight. */
  const ask = (times: number, replicas = fleet.replicas): Attempt[] =>
    Array.from({ length: times }, (_, index) => replicas[index % replicas.length]?.acquire(model)).flatMap(
      (choice) => (choice?.kind === 'attempt' ? [choice.attempt] : []),
    )
  const close = async () => {
    await fleet.close()
    await ground.close()
  }
  return { ...fleet, timers, stores, first, second, third, states, fail, ask, close }
}
