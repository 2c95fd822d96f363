import { type ConnectionState, type Out, outage } from '../../connection-state.ts'
import type { Transition } from '../../pool-link.ts'
import { decodeOutage } from '../shared-outage.ts'
import type { Fleet } from './fleet.ts'

/** Extensions that are shorter are not told. */
export const untoldMs = 250

/**
 * Sees every transition of every replica, and keeps those that must not be for `expectNoFault`. Outages are known by
 * their messages, which are numbers that grow.
 */
export class Witness {
  readonly #fleet: Fleet
  /** What an outage is an untold extension of, or was told as nothing but. */
  readonly #roots = new Map<number, number>()
  #newest = -1
  /** The newest outage that there was when a connection came back last: whoever restores it ends what it knows of. */
  readonly #recovered = new Map<string, number>()
  /** Trials that hold the lease of a store that has answered ever since, by connection and replica. */
  readonly #leased = new Map<string, ConnectionState>()
  readonly #faults: string[] = []

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    for (const [place, { pool, way }] of fleet.replicas.entries()) {
      way.onAbsorbed((told, standing) => this.#roots.set(numberOf(told), this.#rootOf(numberOf(standing))))
      pool.onTransition((change) => this.#see(change, place))
    }
  }

  /** A replica's calls may fail from now on. */
  distrust(place: number): void {
    for (const key of this.#leased.keys()) if (key.endsWith(` ${place}`)) this.#leased.delete(key)
  }

  isRecovered(connectionId: string, { message }: Out): boolean {
    return this.#rootOf(Number(message)) <= (this.#recovered.get(connectionId) ?? -1)
  }

  /** Throws an Error that says the first thing that must not be. */
  expectNoFault(): void {
    const [fault] = this.#faults
    if (fault !== undefined) throw new Error(fault)
  }

  #rootOf(number: number): number {
    return this.#roots.get(number) ?? number
  }

  #see({ connection, from, to, origin }: Transition, place: number): void {
    const before = outage(from)
    const after = outage(to)
    if (after !== null) this.#newest = Math.max(this.#newest, Number(after.message))
    if (after !== null && before !== null) {
      if (after.until < before.until) this.#faults.push(`the cooldown of ${before.message} was shortened`)
      const isUntold = after.ejections === before.ejections && after.until <= before.until + untoldMs
      if (isUntold && origin === 'here' && after.message !== before.message) {
        this.#roots.set(Number(after.message), this.#rootOf(Number(before.message)))
      }
    }
    if (before !== null && after === null) {
      if (origin === 'here') this.#recovered.set(connection.id, this.#newest)
      else if (!this.isRecovered(connection.id, before)) {
        this.#faults.push(`nobody has ended ${before.message}`)
      }
    }
    if (to.kind === 'trial') this.#seeTrial(connection.id, to, place)
  }

  #seeTrial(connectionId: string, state: ConnectionState, place: number): void {
    if (!(this.#fleet.replicas[place]?.way.store.up() ?? false)) return
    for (const [other, { pool }] of this.#fleet.replicas.entries()) {
      const leased = this.#leased.get(`${connectionId} ${other}`)
      if (other === place || leased === undefined) continue
      if (pool.find(connectionId)?.state === leased)
        this.#faults.push(`two trials of ${connectionId} at once`)
    }
    if (this.#fleet.replicas[place]?.way.isWell() ?? false)
      this.#leased.set(`${connectionId} ${place}`, state)
  }
}

function numberOf(json: string): number {
  return Number(decodeOutage(json)?.message)
}
