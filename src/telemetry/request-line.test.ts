import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRequestLine } from './request-line.ts'
import { recordOf } from './testing/records.ts'

const print = createRequestLine()
const members = (line: string) => JSON.parse(`{${line}}`) as Record<string, unknown>

it('prints any names as JSON.stringify would, the same the second time', () => {
  const name = fc.oneof(fc.constant(null), fc.string({ unit: 'binary', maxLength: 8 }))
  fc.assert(
    fc.property(name, name, name, name, (team, model, provider, connection) => {
      const record = recordOf({ team, model, provider, connection, issuer: team, errorCode: model })
      for (let times = 0; times < 2; times++) {
        expect(members(print(record))).toMatchObject({ team, model, provider, connection, error_code: model })
      }
    }),
  )
})

it('keeps the names of a bounded number', () => {
  for (let index = 0; index < 3000; index++) {
    expect(members(print(recordOf({ team: `team-${index}` })))['team']).toBe(`team-${index}`)
  }
})

it('prints durations to the microsecond, and null for what is no number', () => {
  const record = recordOf({ durationMs: 1.23456, authMs: NaN, upstreamMs: 1e21, firstTokenMs: null })
  expect(members(print(record))['timings']).toEqual({
    total_ms: 1.235,
    auth_ms: null,
    upstream_ms: 1e21,
    first_token_ms: null,
  })
})

it('shows no token that stands in an id or a subject', () => {
  const token = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'
  const line = print(recordOf({ requestId: token, subject: token, upstreamRequestId: token }))
  expect(line).not.toContain(token)
})
