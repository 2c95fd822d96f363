import { describe, expect, it } from 'vitest'
import { strictSchema } from './strict-schema.ts'

const object = (properties: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...more,
})

describe('strictSchema', () => {
  it('closes objects and moves what is not understood into the description', () => {
    const { schema, expressible } = strictSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...object({
        age: { type: 'integer', minimum: 0, maximum: 150, description: 'Years.' },
        name: { type: 'string', minLength: 1, pattern: '^A', default: 'Ann' },
        mail: { type: 'string', format: 'email' },
        color: { type: 'string', format: 'color' },
        tags: { type: 'array', items: object({ x: { type: 'string' } }), maxItems: 3 },
        either: { oneOf: [{ type: 'string' }, { type: ['number', 'null'] }] },
      }),
    })
    expect(expressible).toBe(true)
    expect(schema).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'Years. (minimum: 0, maximum: 150)' },
        name: { type: 'string', description: '(minLength: 1, pattern: "^A")' },
        mail: { type: 'string', format: 'email' },
        color: { type: 'string', description: '(format: "color")' },
        tags: {
          type: 'array',
          items: {
            type: 'object',
            properties: { x: { type: 'string' } },
            required: ['x'],
            additionalProperties: false,
          },
          description: '(maxItems: 3)',
        },
        either: { anyOf: [{ type: 'string' }, { type: ['number', 'null'] }] },
      },
      required: ['age', 'name', 'mail', 'color', 'tags', 'either'],
      additionalProperties: false,
    })
  })

  it('keeps properties that are named like keywords', () => {
    const { schema } = strictSchema(object({ minimum: { type: 'number' }, default: { type: 'string' } }))
    expect(Object.keys(schema['properties'] as object)).toEqual(['minimum', 'default'])
  })

  it('follows references that do not come back', () => {
    const address = object({ street: { type: 'string', maxLength: 9 } })
    const source = object({ home: { $ref: '#/$defs/address' }, work: { $ref: '#/$defs/address' } })
    const { schema, expressible } = strictSchema({ ...source, $defs: { address } })
    expect(expressible).toBe(true)
    expect(schema).toMatchObject({
      $defs: {
        address: { additionalProperties: false, properties: { street: { description: '(maxLength: 9)' } } },
      },
    })
  })

  const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`p${index}`, { type: 'string' }]))
  it.each([
    ['recursion', { ...object({ next: { $ref: '#' } }) }],
    [
      'recursion in definitions',
      { ...object({ a: { $ref: '#/$defs/n' } }), $defs: { n: object({ n: { $ref: '#/$defs/n' } }) } },
    ],
    ['a reference elsewhere', object({ a: { $ref: 'https://example.com/schema' } })],
    ['a reference to nothing', object({ a: { $ref: '#/$defs/none' } })],
    ['a map', object({ a: { type: 'object', additionalProperties: { type: 'string' } } })],
    ['a free object', object({ a: { type: 'object' } })],
    ['a tuple', object({ a: { type: 'array', prefixItems: [{ type: 'string' }] } })],
    ['25 optional properties', { type: 'object', properties: many }],
  ])('cannot express %s', (_name, schema) => {
    expect(strictSchema(schema).expressible).toBe(false)
  })

  it('can express 24 optional properties', () => {
    const { p24: _last, ...fewer } = many
    expect(strictSchema({ type: 'object', properties: fewer }).expressible).toBe(true)
  })
})
