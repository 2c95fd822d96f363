import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openApiSchema } from './openapi-schema.ts'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

describe('openApiSchema', () => {
  it.each<[string, object, object]>([
    [
      'annotations away',
      { $schema: 'x', $id: 'y', type: 'string', default: 'a', examples: ['b'] },
      { type: 'STRING' },
    ],
    [
      'closed objects as they are',
      object({ a: { type: 'integer', minimum: 1 } }, { required: ['a'], additionalProperties: false }),
      { type: 'OBJECT', properties: { a: { type: 'INTEGER', minimum: 1 } }, required: ['a'] },
    ],
    ['a type of no meaning, without a fault', { type: 'constructor' }, { type: 'CONSTRUCTOR' }],
    ['null among types', { type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    ['several types', { type: ['string', 'integer'] }, { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] }],
    [
      'null among branches',
      { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'd' },
      { type: 'INTEGER', description: 'd', nullable: true },
    ],
    [
      'oneOf as anyOf',
      { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
      { anyOf: [{ type: 'STRING' }, { type: 'BOOLEAN' }] },
    ],
    ['a constant', { const: 'a' }, { type: 'STRING', enum: ['a'] }],
    ['an enum with null', { enum: ['a', null] }, { type: 'STRING', nullable: true, enum: ['a'] }],
    [
      'references written out',
      { $defs: { A: { type: 'string' } }, ...object({ a: { $ref: '#/$defs/A', description: 'd' } }) },
      { type: 'OBJECT', properties: { a: { type: 'STRING', description: 'd' } } },
    ],
    [
      'allOf merged',
      {
        $defs: { A: object({ a: { type: 'string' } }, { required: ['a'] }) },
        allOf: [{ $ref: '#/$defs/A' }, object({ b: { type: 'number' } }, { required: ['b'] })],
      },
      {
        type: 'OBJECT',
        properties: { a: { type: 'STRING' }, b: { type: 'NUMBER' } },
        required: ['a', 'b'],
      },
    ],
    [
      'formats that Google knows, and no others',
      object({ a: { type: 'string', format: 'date-time' }, b: { type: 'string', format: 'email' } }),
      { type: 'OBJECT', properties: { a: { type: 'STRING', format: 'date-time' }, b: { type: 'STRING' } } },
    ],
  ])('writes %s', (_name, source, schema) => {
    expect(openApiSchema(source as never)).toEqual({ schema, expressible: true })
  })

  it.each<[string, object]>([
    ['a schema that holds itself', object({ next: { $ref: '#' } })],
    [
      'a list of itself, or null',
      {
        $defs: { N: object({ next: { anyOf: [{ $ref: '#/$defs/N' }, { type: 'null' }] } }) },
        $ref: '#/$defs/N',
      },
    ],
    ['a reference elsewhere', { $ref: 'https://schemas.example/a' }],
    ['free keys', { type: 'object', additionalProperties: { type: 'string' } }],
    ['numbers to choose from', { enum: [1, 2] }],
    ['anything', object({ a: {} })],
    ['conditions', { ...object({}), if: {}, else: {} }],
    ['bounds that merge', { allOf: [{ type: 'integer', minimum: 1 }, { minimum: 2 }] }],
    ['branches beside properties', object({ a: { type: 'string' } }, { anyOf: [{ required: ['a'] }, {}] })],
  ])('cannot say %s', (_name, source) => {
    expect(openApiSchema(source as never).expressible).toBe(false)
  })

  it('stays small where references multiply', () => {
    const names = Array.from({ length: 30 }, (_, index) => `D${index}`)
    const $defs = Object.fromEntries(
      names.map((name, index) => {
        const next = { $ref: `#/$defs/D${index + 1}` }
        return [name, index === 29 ? { type: 'string' } : object({ a: next, b: next })]
      }),
    )
    const { schema, expressible } = openApiSchema({ $defs, $ref: '#/$defs/D0' })
    expect(expressible).toBe(false)
    expect(JSON.stringify(schema).length).toBeLessThan(200_000)
  })

  it('is total over anything that JSON can hold', () => {
    const keys = ['type', 'properties', 'items', 'anyOf', 'allOf', '$ref', 'enum', 'required', 'const', 'a']
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('object', 'array', 'string', 'null', '#', '#/properties/a', 1, null, true),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('node'), { maxKeys: 4 }),
      ),
    })).node
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (source) => {
        expect(openApiSchema(source).schema).toBeTypeOf('object')
      }),
      { numRuns: 500, verbose: true },
    )
  })
})
