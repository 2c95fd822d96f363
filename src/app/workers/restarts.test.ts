import { describe, expect, it } from 'vitest'
import { createRestarts } from './restarts.ts'

function open(places = 2) {
  let now = 0
  const restarts = createRestarts({ places, clock: { monotonic: () => now }, random: () => 0.5 })
  const live = (place: number, ms: number, serves = true) => {
    restarts.begun(place)
    if (serves) restarts.served(place)
    now += ms
    return restarts.ended(place)
  }
  return { restarts, live }
}

describe('a worker that ended', () => {
  it('is started again at once after a long life', () => {
    const { live } = open()
    expect(live(0, 60_000)).toBe(0)
  })

  it('is started again after pauses that double, to a bound, while another serves', () => {
    const { restarts, live } = open()
    restarts.begun(1)
    restarts.served(1)
    expect(Array.from({ length: 10 }, () => live(0, 10))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ])
    expect(live(0, 60_000)).toBe(0)
    expect(live(0, 10)).toBe(250)
  })

  it('is the end where none has ever served', () => {
    const { live } = open()
    expect(live(0, 10, false)).toBe(250)
    expect(live(1, 10, false)).toBeNull()
  })

  it('is the end where none serves any more and each had its lives', () => {
    const { live } = open()
    for (let life = 0; life < 5; life++) expect(live(0, 10)).not.toBeNull()
    for (let life = 0; life < 4; life++) expect(live(1, 10)).not.toBeNull()
    expect(live(1, 10, false)).toBeNull()
  })
})
