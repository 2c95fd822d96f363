import { describe, expect, it } from 'vitest'
import { type DeadlineName, DeadlineTimer, timeoutError } from './deadlines.ts'
import { createFakeTime } from './testing/fake-time.ts'

const deadlines = { connectMs: 5_000, firstEventMs: 30_000, idleMs: 10_000, totalMs: 100_000 }

function start(given = deadlines) {
  const time = createFakeTime()
  const due: DeadlineName[] = []
  const { clock, timers } = time
  const timer = new DeadlineTimer({ deadlines: given, clock, timers, onDue: (name) => due.push(name) })
  return { time, due, timer }
}

describe('DeadlineTimer', () => {
  it('ends an attempt that does not connect', () => {
    const { time, due } = start()
    time.advance(4_999)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['connect'])
    expect(time.pending).toBe(0)
  })

  it('counts the wait for the first event from dispatch, not from the connection', () => {
    const { time, due, timer } = start()
    time.advance(4_000)
    timer.connected()
    time.advance(25_999)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['first event'])
  })

  it('ends a connection attempt by the first-event deadline where that is the sooner', () => {
    const { time, due } = start({ ...deadlines, firstEventMs: 3_000 })
    time.advance(3_000)
    expect(due).toEqual(['first event'])
  })

  it('ends a stream that falls silent after an event', () => {
    const { time, due, timer } = start()
    timer.connected()
    for (let count = 0; count < 5; count++) {
      time.advance(9_000)
      timer.event()
    }
    time.advance(9_999)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['idle'])
  })

  it('ends whatever takes too long in all', () => {
    const { time, due, timer } = start()
    timer.connected()
    for (let passed = 0; passed < 100_000; passed += 5_000) {
      expect(due).toEqual([])
      timer.event()
      time.advance(5_000)
    }
    expect(due).toEqual(['total'])
  })

  it('does not count idle time while paused', () => {
    const { time, due, timer } = start()
    timer.connected()
    timer.event()
    time.advance(4_000)
    timer.pause()
    time.advance(50_000)
    timer.resume()
    time.advance(5_999)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['idle'])
  })

  it('counts from an event that came while paused', () => {
    const { time, due, timer } = start()
    timer.connected()
    timer.event()
    timer.pause()
    time.advance(20_000)
    timer.event()
    time.advance(5_000)
    timer.resume()
    time.advance(9_999)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['idle'])
  })

  it('still ends a paused exchange in all', () => {
    const { time, due, timer } = start()
    timer.connected()
    timer.event()
    timer.pause()
    time.advance(100_000)
    expect(due).toEqual(['total'])
  })

  it('sets no timer for an event but the first', () => {
    const { time, timer } = start()
    timer.connected()
    timer.event()
    const { armed } = time
    for (let count = 0; count < 1_000; count++) timer.event()
    expect(time.armed).toBe(armed)
    expect(time.pending).toBe(1)
  })

  it('takes deadlines longer than a timer can be', () => {
    const month = 31 * 24 * 3_600_000
    const { time, due, timer } = start({
      connectMs: month,
      firstEventMs: month,
      idleMs: Infinity,
      totalMs: Infinity,
    })
    timer.connected()
    time.advance(month - 1)
    expect(due).toEqual([])
    time.advance(1)
    expect(due).toEqual(['first event'])
  })

  it('is silent once stopped, whatever still comes', () => {
    const { time, due, timer } = start()
    timer.stop()
    timer.connected()
    timer.event()
    timer.pause()
    timer.resume()
    time.advance(1_000_000)
    expect(due).toEqual([])
    expect(time.pending).toBe(0)
  })
})

it('names the deadline in the error', () => {
  const error = timeoutError('idle', deadlines, true)
  expect(error).toMatchObject({ code: 'upstream_timeout', status: 504, reason: 'timeout', costly: true })
  expect(error.message).toBe('The upstream took too long: the idle deadline of 10000 ms has passed.')
})
