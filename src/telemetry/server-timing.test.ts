import { expect, it } from 'vitest'
import { serverTiming } from './server-timing.ts'

it('names both durations in milliseconds, to the hundredth', () => {
  expect(serverTiming({ authMs: 0.1234, upstreamMs: 34.5 })).toBe('auth;dur=0.12, upstream;dur=34.5')
  expect(serverTiming({ authMs: 0, upstreamMs: 1_234_567.891 })).toBe('auth;dur=0, upstream;dur=1234567.89')
})

it('never writes what is no duration', () => {
  expect(serverTiming({ authMs: -0.5, upstreamMs: Number.NaN })).toBe('auth;dur=0, upstream;dur=0')
})
