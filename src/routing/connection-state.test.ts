import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FailureReason, failureReasons } from '../core/failure.ts'
import {
  awaitsTrial,
  type ConnectionState,
  longer,
  type Out,
  outage,
  ready,
  type StateEvent,
  type Trial,
  transition,
} from './connection-state.ts'
import { defaultCooldown } from './cooldown.ts'

const after = (state: ConnectionState, event: StateEvent) =>
  transition(state, event, defaultCooldown, () => 0.5)

function failed(
  reason: FailureReason,
  change: Partial<Extract<StateEvent, { kind: 'failed' }>> = {},
): StateEvent {
  return { kind: 'failed', now: 0, reason, message: 'it failed', ejects: true, onTrial: false, ...change }
}

const cooling: Out = { kind: 'cooling', reason: 'network', message: 'lost', until: 30_000, ejections: 1 }
const trial: Trial = { kind: 'trial', out: cooling, heldUntil: 640_000 }

describe('a ready connection', () => {
  it.each([
    ['rate_limit', 'cooling', 5_000],
    ['quota', 'cooling', 600_000],
    ['provider_down', 'cooling', 30_000],
    ['network', 'cooling', 30_000],
    ['timeout', 'cooling', 30_000],
    ['authentication', 'unhealthy', 30_000],
    ['permission', 'unhealthy', 30_000],
    ['model_not_found', 'unhealthy', 30_000],
    ['model_deprecated', 'unhealthy', 30_000],
    ['region', 'unhealthy', 30_000],
  ] as const)('is put out by %s: %s for %i ms', (reason, kind, until) => {
    expect(after(ready, failed(reason))).toEqual({ kind, reason, message: 'it failed', until, ejections: 1 })
  })

  it('stays by a failure that is not yet one too many', () => {
    expect(after(ready, failed('provider_down', { ejects: false }))).toBe(ready)
  })

  it('keeps no more than the beginning of a long message', () => {
    const state = after(ready, failed('network', { message: 'x'.repeat(100_000) }))
    expect(outage(state)?.message).toHaveLength(500)
  })

  it('remembers the ejections before its trial until a success is whole', () => {
    const answered = after({ ...trial, out: { ...cooling, ejections: 3 } }, { kind: 'trial-answered' })
    expect(answered).toEqual({ kind: 'ready', ejections: 3 })
    expect(outage(after(answered, failed('network')))).toMatchObject({ ejections: 4, until: 240_000 })
    expect(after(answered, { kind: 'succeeded', onTrial: false })).toEqual(ready)
  })
})

describe('a running cooldown', () => {
  it('is only ever extended', () => {
    const outs = fc.record({
      kind: fc.constantFrom('cooling' as const, 'unhealthy' as const),
      reason: fc.constantFrom(...failureReasons),
      message: fc.constant('before'),
      until: fc.integer({ min: 1, max: 2_000_000 }),
      ejections: fc.integer({ min: 1, max: 20 }),
    })
    const hints = fc.option(fc.integer({ min: 0, max: 2_000_000 }), { nil: undefined })
    const events = fc.oneof(
      fc
        .record({ reason: fc.constantFrom(...failureReasons), retryAfterMs: hints, ejects: fc.boolean() })
        .map(({ reason, ...change }) => failed(reason, change)),
      outs.map((out): StateEvent => ({ kind: 'ejected-elsewhere', out })),
      fc.constant<StateEvent>({ kind: 'succeeded', onTrial: false }),
      fc.constant<StateEvent>({ kind: 'neutral', onTrial: false }),
    )
    fc.assert(
      fc.property(outs, fc.array(events), (first, happened) => {
        let state: ConnectionState = first
        for (const event of happened) {
          const next = after(state, event)
          expect(outage(next)?.until).toBeGreaterThanOrEqual(outage(state)?.until ?? Infinity)
          state = next
        }
      }),
    )
  })

  it('is one ejection however many requests it fails', () => {
    const state = after(cooling, failed('rate_limit', { now: 29_000, retryAfterMs: 60_000 }))
    expect(state).toMatchObject({ reason: 'rate_limit', until: 89_000, ejections: 1 })
  })

  it('is not ended by a success that began before it', () => {
    expect(after(cooling, { kind: 'succeeded', onTrial: false })).toBe(cooling)
  })

  it('ends at once where a check has passed', () => {
    expect(after(cooling, { kind: 'restored' })).toEqual(ready)
  })

  it('awaits a trial from its end on', () => {
    expect([29_999, 30_000].map((now) => awaitsTrial(cooling, now))).toEqual([false, true])
  })
})

describe('a trial', () => {
  it('begins from a cooldown and remembers it', () => {
    expect(after(cooling, { kind: 'trial-begun', heldUntil: 640_000 })).toEqual(trial)
  })

  it('won: the past is forgiven', () => {
    expect(after(trial, { kind: 'succeeded', onTrial: true })).toEqual(ready)
  })

  it('lost: cools longer, by however little it failed', () => {
    const state = after(trial, failed('timeout', { now: 31_000, ejects: false, onTrial: true }))
    expect(state).toMatchObject({ kind: 'cooling', reason: 'timeout', until: 91_000, ejections: 2 })
  })

  it('undecided: the next one may try', () => {
    const state = after(trial, { kind: 'neutral', onTrial: true })
    expect(state).toBe(cooling)
    expect(awaitsTrial(state, 30_000)).toBe(true)
  })

  it('is decided by its own request alone', () => {
    for (const event of [
      failed('authentication'),
      { kind: 'succeeded', onTrial: false } as const,
      { kind: 'neutral', onTrial: false } as const,
    ]) {
      expect(after(trial, event)).toBe(trial)
    }
  })

  it('lost before the cooldown was over does not shorten it', () => {
    const early: Trial = { ...trial, out: { ...cooling, until: 500_000 } }
    expect(after(early, failed('rate_limit', { now: 1_000, retryAfterMs: 1_000, onTrial: true }))).toEqual({
      ...cooling,
      until: 500_000,
      ejections: 2,
    })
  })

  it('lapses where its request never settles', () => {
    expect([639_999, 640_000].map((now) => awaitsTrial(trial, now))).toEqual([false, true])
  })
})

describe('what another replica learned', () => {
  const elsewhere: Out = {
    kind: 'unhealthy',
    reason: 'permission',
    message: 'no',
    until: 50_000,
    ejections: 4,
  }

  it('puts a ready connection out', () => {
    expect(after(ready, { kind: 'ejected-elsewhere', out: elsewhere })).toBe(elsewhere)
  })

  it('is merged: the longer cooldown is kept, whichever came first, with the larger count', () => {
    expect(longer(cooling, elsewhere)).toEqual(elsewhere)
    expect(longer(elsewhere, cooling)).toEqual(elsewhere)
    expect(longer(cooling, { ...elsewhere, until: 10 })).toEqual({ ...cooling, ejections: 4 })
  })

  it('does not end a trial here, unless the outage became longer', () => {
    expect(after(trial, { kind: 'ejected-elsewhere', out: { ...elsewhere, until: 30_000 } })).toBe(trial)
    expect(after(trial, { kind: 'ejected-elsewhere', out: elsewhere })).toEqual(elsewhere)
  })
})
