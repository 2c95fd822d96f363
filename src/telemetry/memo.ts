type Key = string | number | null
type Branch<Value> = Map<Key, Branch<Value> | Value>

/** What was made for several keys together, for the next who asks by the same. */
export interface Memo<Value> {
  /** As many keys in the same order at each call. */
  of(keys: readonly Key[], make: () => Value): Value
  clear(): void
}

/**
 * Forgets everything where it would hold more than `most`. It has a map in a map for each key: they are the same few
 * strings again and again, whose hashes are known, while a key put together of them would be hashed at every call.
 */
export function createMemo<Value>(most: number): Memo<Value> {
  let root: Branch<Value> = new Map()
  let size = 0

  function clear(): void {
    root = new Map()
    size = 0
  }

  function branchFor(keys: readonly Key[]): Branch<Value> {
    let branch = root
    for (let index = 0; index < keys.length - 1; index++) {
      const key = keys[index] as Key
      let next = branch.get(key) as Branch<Value> | undefined
      if (next === undefined) {
        next = new Map()
        branch.set(key, next)
      }
      branch = next
    }
    return branch
  }

  return {
    clear,
    of: (keys, make) => {
      const last = keys[keys.length - 1] as Key
      const found = branchFor(keys).get(last) as Value | undefined
      if (found !== undefined) return found
      const made = make()
      if (size >= most) clear()
      size++
      branchFor(keys).set(last, made)
      return made
    },
  }
}
