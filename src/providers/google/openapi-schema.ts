import { asObject, type JsonObject } from '../shared/json.ts'
import { resolve } from '../shared/strict-schema.ts'

export interface OpenApiSchema {
  readonly schema: JsonObject
  /** False where the subset cannot say what the JSON schema means. */
  readonly expressible: boolean
}

/** References are written out, so a few of them can become very many. */
const mostNodes = 2000
const kept = [
  'title',
  'description',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
]
/** Annotations that say nothing of what is valid. */
const silent = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
])
const read = new Set(['type', 'enum', 'const', 'properties', 'required', 'items', 'anyOf', 'oneOf'])
/** Any other is refused or passed over, by type. */
const formats: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['string', ['date-time']],
  ['number', ['float', 'double']],
  ['integer', ['int32', 'int64']],
])

/**
 * A JSON schema in the OpenAPI subset of `parameters` and `responseSchema` (providers' facts §8.2): references written
 * out, `allOf` merged, `oneOf` as `anyOf`, `null` as `nullable`, `const` as an enum. `expressible` tells whether it
 * still means the same.
 */
export function openApiSchema(source: JsonObject): OpenApiSchema {
  const state: State = { root: source, expressible: true, nodes: 0 }
  const schema = convert(source, state, [])
  return { schema, expressible: state.expressible }
}

interface State {
  readonly root: JsonObject
  expressible: boolean
  nodes: number
}

/** `trail`: the references on the way from the root, since a schema may hold itself. */
function convert(value: unknown, state: State, trail: readonly string[]): JsonObject {
  const steps = [...trail]
  const source = flatten(value, state, steps)
  state.nodes += 1
  if (source === null || state.nodes > mostNodes) {
    state.expressible = false
    return { type: 'STRING' }
  }
  const branches = source['anyOf'] ?? source['oneOf']
  if (Array.isArray(branches)) return convertBranches(source, branches, state, steps)
  const types = typesOf(source)
  const named = types.filter((type) => type !== 'null')
  const nullable = named.length < types.length ? { nullable: true } : {}
  if (named.length > 1) {
    const anyOf = named.map((type) => convert({ ...source, type }, state, steps))
    return { ...nullable, anyOf }
  }
  const type = named[0] ?? 'string'
  if (named.length === 0) state.expressible = false
  for (const key of Object.keys(source)) {
    const isKnown = read.has(key) || silent.has(key) || kept.includes(key)
    const isOpen = key === 'additionalProperties' && typeof source[key] === 'boolean'
    if (!isKnown && !isOpen) state.expressible = false
  }
  return { type: type.toUpperCase(), ...nullable, ...keywords(source, type, state, steps) }
}

function keywords(source: JsonObject, type: string, state: State, trail: readonly string[]): JsonObject {
  const schema: JsonObject = {}
  for (const key of kept) if (source[key] !== undefined) schema[key] = source[key]
  if (formats.get(type)?.includes(source['format'])) schema['format'] = source['format']
  const choices = 'const' in source ? [source['const']] : source['enum']
  if (Array.isArray(choices)) {
    const values = choices.filter((choice) => choice !== null)
    if (values.length < choices.length) schema['nullable'] = true
    if (type !== 'string' || !values.every((choice) => typeof choice === 'string')) state.expressible = false
    if (type === 'string') {
      schema['enum'] = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    }
  }
  if (type === 'array') schema['items'] = convert(source['items'], state, trail)
  if (type === 'object') Object.assign(schema, members(source, state, trail))
  return schema
}

function members(source: JsonObject, state: State, trail: readonly string[]): JsonObject {
  const entries = Object.entries(asObject(source['properties']) ?? {})
  if (entries.length === 0) return {}
  const properties = Object.fromEntries(entries.map(([name, one]) => [name, convert(one, state, trail)]))
  const required = Array.isArray(source['required']) ? source['required'] : []
  const known = required.filter((name) => typeof name === 'string' && Object.hasOwn(properties, name))
  return known.length === 0 ? { properties } : { properties, required: known }
}

function convertBranches(
  source: JsonObject,
  branches: readonly unknown[],
  state: State,
  trail: readonly string[],
): JsonObject {
  const { anyOf: _anyOf, oneOf: _oneOf, ...beside } = source
  const others = branches.filter((branch) => asObject(branch)?.['type'] !== 'null')
  const nullable = others.length < branches.length ? { nullable: true } : {}
  const words = Object.fromEntries(
    Object.entries(beside).filter(([key]) => key === 'title' || key === 'description'),
  )
  const [only, ...more] = others
  if (only !== undefined && more.length === 0) {
    const steps = [...trail]
    const one = merge([beside, only], state, steps)
    return { ...convert(one, state, steps), ...words, ...nullable }
  }
  // A branch beside keywords of its own has to meet both.
  const isBare = Object.keys(beside).every((key) => key in words || silent.has(key) || key === 'type')
  if (!isBare) state.expressible = false
  return { ...words, ...nullable, anyOf: others.map((branch) => convert(branch, state, trail)) }
}

function typesOf({ type, properties, items, enum: choices, const: only }: JsonObject): string[] {
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string')
  if (asObject(properties) !== null) return ['object']
  if (items !== undefined) return ['array']
  return Array.isArray(choices) || typeof only === 'string' ? ['string'] : []
}

/** A node with its references and its `allOf` taken in. Adds the references it followed to `trail`. */
function flatten(value: unknown, state: State, trail: string[]): JsonObject | null {
  let node = asObject(value)
  while (typeof node?.['$ref'] === 'string') {
    const { $ref: reference, ...beside } = node as JsonObject & { $ref: string }
    const target = asObject(trail.includes(reference) ? null : resolve(state.root, reference))
    trail.push(reference)
    node = target === null ? null : { ...target, ...beside }
  }
  if (!Array.isArray(node?.['allOf'])) return node
  const { allOf, ...beside } = node
  return merge([beside, ...(allOf as unknown[])], state, trail)
}

function merge(nodes: readonly unknown[], state: State, trail: string[]): JsonObject {
  const merged: JsonObject = {}
  for (const one of nodes.map((node) => flatten(node, state, trail))) {
    if (one === null) state.expressible = false
    for (const [key, value] of Object.entries(one ?? {})) {
      const before = merged[key]
      if (key === 'properties') merged[key] = { ...asObject(before), ...asObject(value) }
      else if (key === 'required') merged[key] = [...listOf(before), ...listOf(value)]
      else {
        const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(value)
        if (!isSame && !silent.has(key) && key !== 'title' && key !== 'description') state.expressible = false
        merged[key] = before ?? value
      }
    }
  }
  return merged
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
