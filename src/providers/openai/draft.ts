import type { RequestBody } from '../../core/body.ts'
import { patchTopLevel } from '../../core/json/patch.ts'
import type { Call } from '../../core/provider.ts'

const plainName = /^[\w.-]{1,64}$/

/**
 * The client's body on its way to becoming the upstream's: changes to top-level members are noted, and made in the
 * client's own bytes at the end, so that what does not change is never printed again.
 */
export class Draft {
  readonly #call: Call
  readonly #values = new Map<string, unknown>()
  /** By the client's names, for `x-modelgate-dropped-params`. */
  readonly dropped: string[] = []

  constructor(call: Call) {
    this.#call = call
    const names = Object.keys(call.body)
    if (names.length === call.raw.members.length) return
    const sent = new Set(call.raw.members.map(({ key }) => key))
    // What the gateway has added to the client's body (a model's own `dimensions`) is not in its bytes.
    for (const name of names)
      if (!sent.has(name)) this.set(name, (call.body as Record<string, unknown>)[name])
  }

  /** undefined: not there, or taken out. */
  get(name: string): unknown {
    return this.#values.has(name)
      ? this.#values.get(name)
      : (this.#call.body as Record<string, unknown>)[name]
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value)
  }

  /** Takes a member out without a word. */
  remove(name: string): void {
    this.#values.set(name, undefined)
  }

  /** Takes a member out and names it, where the client really asked for something by it. */
  drop(name: string): void {
    if (isAsked(name, this.get(name)) && plainName.test(name)) this.dropped.push(name)
    this.remove(name)
  }

  bytes(): RequestBody {
    const changes = new Map<string, string | undefined>()
    for (const [name, value] of this.#values) {
      changes.set(name, value === undefined ? undefined : JSON.stringify(value))
    }
    const pieces = patchTopLevel(this.#call.raw, changes)
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces
  }
}

/** Whether a parameter's value asks for anything but what leaving it out would give. */
export function isAsked(name: string, value: unknown): boolean {
  if (name === 'parallel_tool_calls') return value === false
  if (value === undefined || value === null || value === false || value === '') return false
  if (name === 'n' || name === 'best_of') return value !== 1
  if (typeof value === 'number') return value !== 0 || name === 'temperature' || name === 'seed'
  return typeof value !== 'object' || Object.keys(value).length > 0
}
