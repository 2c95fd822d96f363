import { z } from 'zod'
import { fileSchema } from './schema.ts'

type Schema = { [key: string]: unknown }

/** What is filled in when the file is read, whatever it must be then. */
const substitution = { type: 'string', pattern: '\\$\\{' }
const reference = { $ref: '#/$defs/substitution' }

/**
 * The file's JSON Schema for editors (draft 2020-12), made from the schema that checks the file. Where a number, a
 * boolean or one of certain words is wanted, `${NAME}` may stand. Rules between fields are left to the program.
 */
export function configJsonSchema(): Schema {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema(new Map()), { io: 'input' })
  return { $schema, title: 'Modelgate configuration', ...relaxed(schema), $defs: { substitution } }
}

/** Schemas stand in objects of schemas, in lists of schemas, or alone. */
function relaxed(schema: Schema): Schema {
  const { properties, anyOf, oneOf, items, additionalProperties, ...rest } = schema
  const inner = {
    ...rest,
    ...(isSchema(properties) && { properties: mapValues(properties) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map(relaxedMember) }),
    ...(Array.isArray(oneOf) && { oneOf: oneOf.map(relaxedMember) }),
    ...(items !== undefined && { items: relaxedMember(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: relaxedMember(additionalProperties) }),
  }
  if (isRestricted(schema)) return either(inner, reference)
  // A section of which every line is a comment reads as null.
  const isSection = schema['default'] !== undefined && ['array', 'object'].includes(String(schema['type']))
  return isSection ? either(inner, { type: 'null' }) : inner
}

function relaxedMember(member: unknown): unknown {
  return isSchema(member) ? relaxed(member) : member
}

function mapValues(schemas: Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, relaxedMember(schema)]))
}

function isRestricted({ type, enum: choices, pattern }: Schema): boolean {
  return (
    ['number', 'integer', 'boolean'].includes(String(type)) || choices !== undefined || pattern !== undefined
  )
}

function either({ description, default: usual, ...one }: Schema, other: Schema): Schema {
  return {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
    anyOf: [one, other],
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
