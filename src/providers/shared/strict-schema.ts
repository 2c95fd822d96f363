import { asObject, type JsonObject } from './json.ts'

export interface StrictSchema {
  readonly schema: JsonObject
  /** False where the schema means something that the grammar cannot say: it would change what is allowed. */
  readonly expressible: boolean
}

/** Refused from this many optional properties on, over the whole schema. */
const mostOptional = 24
const formats = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])
const plainKeywords = new Set(['type', 'enum', 'const', '$ref', 'required', 'title', 'description'])
const listKeywords = new Set(['anyOf', 'allOf'])
const mapKeywords = new Set(['properties', '$defs', 'definitions'])
/** Annotations that say nothing of what is valid. */
const silent = new Set([
  '$schema',
  '$id',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])
/** Constraints of a kind that a description cannot carry. */
const structural = new Set([
  'patternProperties',
  'prefixItems',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependentRequired',
  'unevaluatedProperties',
  'propertyNames',
  'contains',
])

/**
 * A JSON schema in the part of the language that Claude's structured output takes (providers' facts §6.4): objects
 * closed, `oneOf` as `anyOf`, bounds and patterns moved into the description, unknown formats left out. Not
 * expressible: recursion, references elsewhere, maps (objects with free keys), more than 24 optional properties.
 */
export function strictSchema(source: JsonObject): StrictSchema {
  const state = { expressible: !isRecursive(source), optional: 0 }
  const schema = convert(source, state)
  return { schema, expressible: state.expressible && state.optional <= mostOptional }
}

interface State {
  expressible: boolean
  optional: number
}

function convert(source: JsonObject, state: State): JsonObject {
  const schema: JsonObject = {}
  const moved: string[] = []
  for (const [key, value] of Object.entries(source)) {
    if (structural.has(key)) state.expressible = false
    else if (plainKeywords.has(key) || (key === 'format' && formats.has(String(value)))) schema[key] = value
    else if (listKeywords.has(key) || key === 'oneOf')
      schema[key === 'oneOf' ? 'anyOf' : key] = convertList(value, state)
    else if (mapKeywords.has(key)) schema[key] = convertMap(value, state)
    else if (key === 'items') schema[key] = convertAny(value, state)
    else if (key !== 'additionalProperties' && !silent.has(key))
      moved.push(`${key}: ${JSON.stringify(value)}`)
  }
  if (moved.length > 0) schema['description'] = describe(source['description'], moved)
  if (isObjectSchema(source)) closeObject(source, schema, state)
  return schema
}

function convertAny(value: unknown, state: State): unknown {
  const source = asObject(value)
  return source === null ? value : convert(source, state)
}

function convertList(value: unknown, state: State): unknown {
  return Array.isArray(value) ? value.map((one) => convertAny(one, state)) : value
}

function convertMap(value: unknown, state: State): unknown {
  const source = asObject(value)
  if (source === null) return value
  return Object.fromEntries(Object.entries(source).map(([name, one]) => [name, convertAny(one, state)]))
}

function describe(description: unknown, moved: readonly string[]): string {
  const said = typeof description === 'string' && description !== '' ? `${description} ` : ''
  return `${said}(${moved.join(', ')})`
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return (
    type === 'object' || (Array.isArray(type) && type.includes('object')) || asObject(properties) !== null
  )
}

function closeObject(source: JsonObject, schema: JsonObject, state: State): void {
  const names = Object.keys(asObject(source['properties']) ?? {})
  const open = source['additionalProperties']
  // Closing an object with free keys would forbid what the client asked for.
  if (asObject(open) !== null || (names.length === 0 && open !== false)) state.expressible = false
  const required = Array.isArray(source['required']) ? source['required'] : []
  state.optional += names.filter((name) => !required.includes(name)).length
  schema['additionalProperties'] = false
}

/** Whether following `$ref` from anywhere comes back to where it was, or leaves the schema. */
function isRecursive(root: JsonObject): boolean {
  const finished = new Set<unknown>()
  const onTheWay = new Set<unknown>()
  const visit = (node: unknown): boolean => {
    if (typeof node !== 'object' || node === null || finished.has(node)) return false
    if (onTheWay.has(node)) return true
    onTheWay.add(node)
    const reference = (node as JsonObject)['$ref']
    const target = typeof reference === 'string' ? resolve(root, reference) : null
    const isBad = target === undefined || visit(target) || Object.values(node).some(visit)
    onTheWay.delete(node)
    finished.add(node)
    return isBad
  }
  return visit(root)
}

/** A JSON pointer within the schema; undefined where it points nowhere. */
export function resolve(root: JsonObject, reference: string): unknown {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let node: unknown = root
  for (const step of reference.slice(2).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
    node = (node as JsonObject)[name]
  }
  return node
}
