import { LimitError } from './limits.ts'

const deepest = 1000

/**
 * Measures values as they would be written out: characters of strings and names, and members. A string or list that
 * stands in several places counts in each, since that is how small memory becomes a large text. Throws LimitError.
 */
export function createMeter(maxUnits: number): (value: unknown) => void {
  const known = new WeakMap<object, number>()

  function measure(value: unknown, depth: number): number {
    if (typeof value === 'string') return bounded(value.length)
    if (isFunction(value) || typeof value !== 'object' || value === null) return 1
    const before = known.get(value)
    if (before !== undefined) return before
    if (depth > deepest) throw new LimitError(`a value is nested deeper than ${deepest} levels`)
    let units = 1
    for (const [name, member] of membersOf(value)) units = bounded(units + name + measure(member, depth + 1))
    known.set(value, units)
    return units
  }

  function bounded(units: number): number {
    if (units > maxUnits) throw new LimitError(`a value is larger than ${maxUnits} characters and members`)
    return units
  }

  return (value) => void measure(value, 0)
}

/** Each member with the length of its name. */
function* membersOf(value: object): Iterable<[number, unknown]> {
  if (Array.isArray(value)) {
    for (const member of value) yield [1, member]
  } else {
    for (const [name, member] of Object.entries(value)) yield [name.length + 1, member]
  }
}

/** JSONata's functions are objects, tied to their surroundings. */
export function isFunction(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'function'
  return Object.hasOwn(value, '_jsonata_lambda') || Object.hasOwn(value, '_jsonata_function')
}
