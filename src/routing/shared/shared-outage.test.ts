import { describe, expect, it } from 'vitest'
import type { Out } from '../connection-state.ts'
import { credential, makeConnection } from '../testing/scene.ts'
import { connectionIdOf, decodeOutage, encodeOutage, sharedId } from './shared-outage.ts'

const out: Out = { kind: 'unhealthy', reason: 'region', message: 'not “here”', until: 5, ejections: 3 }

describe('an outage', () => {
  it('is read as it was written, its time apart', () => {
    const { until: _, ...told } = out
    expect(decodeOutage(encodeOutage(out, 'replica-1'))).toEqual({ ...told, by: 'replica-1' })
  })

  it.each([
    '',
    '{',
    '3',
    'null',
    '[]',
    ...[
      { kind: 'ready' },
      { reason: 'boredom' },
      { message: 7 },
      { ejections: 0 },
      { ejections: 1.5 },
      { ejections: '1' },
      { by: undefined },
    ].map((change) => JSON.stringify({ ...out, by: 'replica-1', ...change })),
  ])('that nobody wrote is none: %s', (json) => {
    expect(decodeOutage(json)).toBeNull()
  })
})

describe('the id under which replicas share a connection', () => {
  const connection = makeConnection('one')

  it('gives back the connection’s own, whatever that is made of', () => {
    for (const id of ['one', 'a:b:c', '']) {
      expect(connectionIdOf(sharedId({ ...connection, id }))).toBe(id)
    }
    expect(connectionIdOf('of no connection')).toBe('')
  })

  it('is the same whatever does not change whom it asks', () => {
    const same = { ...connection, weight: 7, priority: 3, enabled: false, probe: false, overrides: {} }
    expect(sharedId(same)).toBe(sharedId(connection))
  })

  it.each([
    ['key', { credential: { ...credential, version: '2' } }],
    ['credential', { credential: { ...credential, id: 'credential-2' } }],
    ['provider', { provider: 'groq' }],
    ['upstream model', { modelName: 'gpt-other' }],
    ['region', { region: 'eu-west-1' }],
    ['override', { overrides: { set: { tier: 'flex' } } }],
    ['template', { custom: { url: 'https://example.com' } }],
  ])('is another with another %s', (_, change) => {
    expect(sharedId({ ...connection, ...change })).not.toBe(sharedId(connection))
  })
})
