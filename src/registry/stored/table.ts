/** Records of one kind by id, with indexes; immutable. */
export interface Table<Item extends { readonly id: string }, Index extends string> {
  readonly byId: ReadonlyMap<string, Item>
  /** Those with a key, in a steady order. */
  find(index: Index, key: string): readonly Item[]
  /** The same with some put in or in place of others, and some taken out. Costs a copy of the maps, at most. */
  change(puts: readonly Item[], deletes: readonly string[]): Table<Item, Index>
}

type Keys<Item, Index extends string> = Readonly<Record<Index, (item: Item) => string | null>>
type Lists<Item, Index extends string> = Readonly<Record<Index, ReadonlyMap<string, readonly Item[]>>>

interface TableOptions<Item, Index extends string> {
  /** By index: the key under which an item is found; null: it is not. */
  readonly keys: Keys<Item, Index>
  /** Which of two items is listed first under one key; a tie is broken by id. */
  readonly order: (item: Item) => string
}

const none: readonly never[] = []

export function createTable<Item extends { readonly id: string }, Index extends string>({
  keys,
  order,
}: TableOptions<Item, Index>): Table<Item, Index> {
  const names = Object.keys(keys) as Index[]

  function compare(one: Item, other: Item): number {
    return compareText(order(one), order(other)) || compareText(one.id, other.id)
  }

  function reindex(
    before: ReadonlyMap<string, readonly Item[]>,
    keyOf: (item: Item) => string | null,
    out: readonly Item[],
    put: readonly Item[],
  ): ReadonlyMap<string, readonly Item[]> {
    const gone = new Set<Item>(out)
    const touched = new Set([...out, ...put].map(keyOf).filter((key) => key !== null))
    if (touched.size === 0) return before
    const after = new Map(before)
    const added = Map.groupBy(put, keyOf)
    for (const key of touched) {
      const kept = (before.get(key) ?? none).filter((item) => !gone.has(item))
      const list = [...kept, ...(added.get(key) ?? none)]
      if (list.length > 0) after.set(key, list.length > 1 ? list.toSorted(compare) : list)
      else after.delete(key)
    }
    return after
  }

  function tableOf(byId: ReadonlyMap<string, Item>, lists: Lists<Item, Index>): Table<Item, Index> {
    return {
      byId,
      find: (index, key) => lists[index].get(key) ?? none,
      change(puts, deletes) {
        const put = [...new Map(puts.map((item) => [item.id, item])).values()]
        const ids = new Set([...put.map(({ id }) => id), ...deletes])
        const out = [...ids].map((id) => byId.get(id)).filter((item) => item !== undefined)
        if (put.length === 0 && out.length === 0) return this
        const after = new Map(byId)
        for (const id of deletes) after.delete(id)
        for (const item of put) after.set(item.id, item)
        const changed = names.map((name) => [name, reindex(lists[name], keys[name], out, put)])
        return tableOf(after, Object.fromEntries(changed) as Lists<Item, Index>)
      },
    }
  }

  const empty = names.map((name) => [name, new Map<string, readonly Item[]>()])
  return tableOf(new Map(), Object.fromEntries(empty) as Lists<Item, Index>)
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
