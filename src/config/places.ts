/** Where something stands in the file, from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

interface Entry {
  readonly key: Place
  readonly value: Place
}

/** Where the members of every map and list of the file stand. */
export interface Places {
  set(container: object, step: string | number, entry: Entry): void
  /** Where the value at a path begins, or where the nearest thing around it that is there does. */
  ofValue(path: readonly PropertyKey[]): Place | null
  /** Where a key is written. */
  ofKey(path: readonly PropertyKey[]): Place | null
}

/** Places are kept by container, not by path, so that they hold when items of a list are left out. */
export function createPlaces(root: object): Places {
  const entries = new WeakMap<object, Map<PropertyKey, Entry>>()

  /** The entry of the last step that is there. */
  function deepest(path: readonly PropertyKey[]): { entry: Entry | null; value: unknown } {
    let entry: Entry | null = null
    let value: unknown = root
    for (const step of path) {
      const found: Entry | undefined = isContainer(value) ? entries.get(value)?.get(step) : undefined
      if (found === undefined) break
      entry = found
      value = (value as Record<PropertyKey, unknown>)[step]
    }
    return { entry, value }
  }

  return {
    set(container, step, entry) {
      const members = entries.get(container) ?? new Map<PropertyKey, Entry>()
      members.set(step, entry)
      entries.set(container, members)
    },
    ofValue(path) {
      const { entry, value } = deepest(path)
      if (entry === null) return null
      // Of a map or list that begins below its key, the key is what one looks for.
      return isContainer(value) ? entry.key : entry.value
    },
    ofKey: (path) => deepest(path).entry?.key ?? null,
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
