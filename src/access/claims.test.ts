import { describe, expect, it } from 'vitest'
import { namesAt } from './claims.ts'

describe('namesAt', () => {
  it('reads an array, or a string separated by spaces or commas', () => {
    expect(namesAt({ teams: ['a b', 'c'] }, 'teams')).toEqual(['a b', 'c'])
    expect(namesAt({ teams: ' a  b,c , d\n' }, 'teams')).toEqual(['a', 'b', 'c', 'd'])
    expect(namesAt({ teams: 'one' }, 'teams')).toEqual(['one'])
  })

  it('follows a dotted path, or keys that have dots themselves', () => {
    const claims = { realm: { access: { roles: ['x'] } }, 'kubernetes.io': { namespace: 'shop' } }
    expect(namesAt(claims, 'realm.access.roles')).toEqual(['x'])
    expect(namesAt(claims, ['kubernetes.io', 'namespace'])).toEqual(['shop'])
    expect(namesAt(claims, 'kubernetes.io.namespace')).toEqual([])
  })

  it('finds nothing where there is nothing of its kind', () => {
    for (const teams of [undefined, null, 7, true, {}, { a: 'b' }, [], '', ' , ', [1, null, {}, ['a'], '']]) {
      expect(namesAt({ teams }, 'teams')).toEqual([])
    }
    expect(namesAt({ teams: 'a' }, 'teams.length')).toEqual([])
    expect(namesAt({}, 'constructor.name')).toEqual([])
    expect(namesAt({}, '__proto__')).toEqual([])
  })

  it('is bounded in count and length, and names each once', () => {
    const many = Array.from({ length: 300 }, (_, index) => `team-${index}`)
    expect(namesAt({ teams: many }, 'teams')).toEqual(many.slice(0, 256))
    expect(namesAt({ teams: ['x'.repeat(257), 'x'.repeat(256)] }, 'teams')).toEqual(['x'.repeat(256)])
    expect(namesAt({ teams: ['a', 'b', 'a'] }, 'teams')).toEqual(['a', 'b'])
  })
})
