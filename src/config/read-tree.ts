import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type YAMLMap, type YAMLSeq } from 'yaml'
import { shownPath, type Fault } from './fault.ts'
import { createPlaces, type Place, type Places } from './places.ts'
import { hasSubstitution, substitute, type Environment, type FileTexts } from './substitute.ts'

/** A file's values as plain data, with what is needed to say where each came from. */
export interface Tree {
  readonly root: Record<string, unknown>
  readonly places: Places
  /** What was found wrong on the way; the values at these paths are of no account. */
  readonly faults: readonly Fault[]
  /** The paths, as shown, of values that were filled in: where a number is wanted their text may be one. */
  readonly filledIn: ReadonlySet<string>
  /** What no message may hold. */
  readonly hidden: ReadonlySet<string>
}

export interface ReadTreeOptions {
  readonly document: Document.Parsed
  readonly placeOf: (node: Node) => Place
  readonly fill: { readonly environment: Environment; readonly files: FileTexts }
  readonly secretKeys: ReadonlySet<string>
}

// Aliases can repeat a value that repeats a value, and so on, or stand inside what they repeat.
const MAX_VALUES = 100_000
const MAX_DEPTH = 32

type Path = readonly (string | number)[]

interface Reading extends ReadTreeOptions {
  readonly places: Places
  readonly faults: Fault[]
  readonly filledIn: Set<string>
  readonly hidden: Set<string>
  /** What each alias stands for: to find it takes a walk through the document. */
  readonly targets: Map<Node, Node>
  values: number
}

/** Where a value is, and whether it stands under a key that holds secrets. */
interface Spot {
  readonly path: Path
  readonly isSecret: boolean
}

/** Reads a document whose syntax is good. A value that comes out empty is left out, as if its key were not there. */
export function readTree(options: ReadTreeOptions): Tree {
  const root: Record<string, unknown> = {}
  const reading: Reading = {
    ...options,
    places: createPlaces(root),
    faults: [],
    filledIn: new Set(),
    hidden: new Set(),
    targets: new Map(),
    values: 0,
  }
  const { contents } = options.document
  const top = { path: [], isSecret: false }
  if (isMap<Node, Node | null>(contents)) fillMap(reading, contents, top, root)
  else if (contents !== null && !(isScalar(contents) && contents.value === null)) {
    refuse(reading, contents, top, 'the file must be a map of keys')
  }
  const { places, faults, filledIn, hidden } = reading
  return { root, places, faults, filledIn, hidden }
}

function refuse({ faults, placeOf }: Reading, node: Node, { path }: Spot, message: string): undefined {
  faults.push({ ...placeOf(node), path: shownPath(path), message })
}

/** undefined: there is no value to speak of. */
function readNode(reading: Reading, node: Node | null, spot: Spot): unknown {
  if (node === null) return null
  reading.values += 1
  if (reading.values > MAX_VALUES) {
    return reading.values === MAX_VALUES + 1
      ? refuse(reading, node, spot, `there are more than ${MAX_VALUES} values, aliases counted each time`)
      : undefined
  }
  if (spot.path.length > MAX_DEPTH)
    return refuse(reading, node, spot, `this is deeper than ${MAX_DEPTH} levels`)
  if (isAlias(node)) {
    const target = reading.targets.get(node) ?? node.resolve(reading.document)
    if (target !== undefined) reading.targets.set(node, target)
    return target === undefined
      ? refuse(reading, node, spot, 'there is no anchor of this name above')
      : readNode(reading, target, spot)
  }
  if (isMap<Node, Node | null>(node)) return fillMap(reading, node, spot, {})
  if (isSeq<Node>(node)) return readList(reading, node, spot)
  return isScalar(node) ? readScalar(reading, node, node.value, spot) : undefined
}

function fillMap(
  reading: Reading,
  map: YAMLMap<Node, Node | null>,
  { path, isSecret }: Spot,
  target: Record<string, unknown>,
): Record<string, unknown> {
  const { places, placeOf, secretKeys } = reading
  const seen = new Set<string>()
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const spot = { path: [...path, name], isSecret: isSecret || secretKeys.has(name) }
    if (seen.has(name)) {
      refuse(reading, key, spot, `the key ${JSON.stringify(name)} is there twice`)
      continue
    }
    seen.add(name)
    places.set(target, name, { key: placeOf(key), value: placeOf(value ?? key) })
    const read = readNode(reading, value, spot)
    if (read === undefined) continue
    // Defined, not assigned: a key named __proto__ is a key like any other.
    const property = { value: read, writable: true, enumerable: true, configurable: true }
    Object.defineProperty(target, name, property)
  }
  return target
}

function readList(reading: Reading, list: YAMLSeq<Node>, { path, isSecret }: Spot): unknown[] {
  const target: unknown[] = []
  for (const item of list.items) {
    const place = reading.placeOf(item)
    const read = readNode(reading, item, { path: [...path, target.length], isSecret })
    if (read === undefined) continue
    reading.places.set(target, target.length, { key: place, value: place })
    target.push(read)
  }
  return target
}

function readScalar(reading: Reading, node: Node, value: unknown, spot: Spot): unknown {
  const { fill, filledIn, hidden } = reading
  if (typeof value !== 'string') {
    const isPlain = value === null || typeof value === 'number' || typeof value === 'boolean'
    return isPlain ? value : refuse(reading, node, spot, 'a value must be text, a number, true or false')
  }
  if (!hasSubstitution(value)) {
    if (spot.isSecret) hidden.add(value)
    return value
  }
  const { text, values, faults } = substitute(value, fill.environment, fill.files)
  filledIn.add(shownPath(spot.path))
  for (const secret of spot.isSecret ? [text, ...values] : values) hidden.add(secret)
  for (const message of faults) refuse(reading, node, spot, message)
  // What could not be filled in stays as written, so that rules on whether it is there hold.
  if (faults.length > 0) return value
  return text === '' ? undefined : text
}
