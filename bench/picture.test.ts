import { describe, expect, it } from 'vitest'
import type { Bar } from './bars.ts'
import { pictureOf, sharesOf } from './picture.ts'
import type { Row } from './rows.ts'
import { element, svgOf, text } from './svg.ts'

const bar: Bar = {
  task: 'a < b & c',
  metric: 'cpu',
  row: 'Modelgate',
  against: 'bare',
  atMost: 2,
  noise: 0.1,
}
const row: Row = {
  task: bar.task,
  row: bar.row,
  metric: 'cpu',
  unit: 'µs',
  digits: 1,
  values: [10, 12],
  against: { row: 'bare', as: 'ratio', values: [1, 1.5] },
  bar,
  verdict: 'held',
}
const conditions = {
  date: '2026-01-02T03:04:05.000Z',
  rounds: 2,
  isLong: false,
  node: 'v26.0.0',
  cpu: 'A CPU',
  cores: 2,
  loadBefore: 0,
  loadAfter: 0,
}

describe('shares of a limit', () => {
  it('are of what the bar is about', () => {
    expect(sharesOf(row, bar)).toEqual({ median: 0.625, low: 0.5, high: 0.75 })
    const { against: _, ...alone } = bar
    expect(sharesOf(row, { ...alone, atMost: 20 })?.median).toBeCloseTo(0.55)
  })

  it('are the other way round where more is better, so that beyond one is always worse', () => {
    const { atMost: _, ...rest } = bar
    expect(sharesOf(row, { ...rest, atLeast: 3 })).toEqual({ median: 2.5, low: 2, high: 3 })
  })

  it('of a limit of none are the figure itself', () => {
    expect(sharesOf(row, { ...bar, atMost: 0 })?.median).toBe(1.25)
  })

  it('of what was not measured are none', () => {
    expect(sharesOf({ ...row, values: null }, { ...bar, against: 'another' })).toBeNull()
  })
})

describe('the picture', () => {
  const { against: _, ...rest } = row
  const unmeasured: Row = { ...rest, values: null, verdict: 'not measured' }
  const svg = pictureOf([row, { ...row, row: 'bare' }, unmeasured], conditions)

  it('has a bar for every figure that was measured and has a limit, and says which were not', () => {
    const { bar: _, ...free } = row
    expect(pictureOf([row, free], conditions).match(/<rect/g)).toHaveLength(1)
    expect(svg.match(/<rect/g)).toHaveLength(2)
    expect(svg.match(/not measured/g)).toHaveLength(1)
    expect(svg).toContain('2026-01-02, 2 rounds, A CPU, Node 26.0.0')
  })

  it('is XML: what is special is escaped, what is opened is closed', () => {
    expect(svg).toContain('a &lt; b &amp; c')
    const open: string[] = []
    const faults: string[] = []
    for (const [, slash, name = '', self] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (slash === '' && self === '') open.push(name)
      else if (slash === '/' && open.pop() !== name) faults.push(name)
    }
    expect(faults).toEqual([])
    expect(open).toEqual([])
  })

  it('brings nothing from outside and no background', () => {
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import|<style|url\(/)
    expect(svg).not.toContain('background')
  })

  it('stays in its frame, however far beyond the limit a figure lies', () => {
    const far = { ...row, against: { row: 'bare', as: 'ratio' as const, values: [50, 90] } }
    const [, width = ''] = /<rect[^>]* width="([\d.]+)"/.exec(pictureOf([far], conditions)) ?? []
    expect(Number(width)).toBeGreaterThan(0)
    expect(Number(width)).toBeLessThan(400)
  })
})

describe('elements', () => {
  it('are written with escaped attributes and short numbers', () => {
    expect(element('rect', { x: 1.2345, fill: '"red"' })).toBe('<rect x="1.2" fill="&quot;red&quot;"/>')
  })

  it('refuse numbers that have no place', () => {
    expect(() => element('rect', { x: Number.NaN })).toThrow('no place')
  })

  it('stand in a document with a title', () => {
    const shapes = [text(1, 2, 'word', { size: 12, fill: '#777', anchor: 'end' })]
    expect(svgOf({ width: 10, height: 20, title: 'T', shapes })).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20" viewBox="0 0 10 20" role="img"' +
        ' font-family="system-ui, sans-serif">\n  <title>T</title>\n' +
        '  <text x="1" y="2" font-size="12" fill="#777" text-anchor="end">word</text>\n</svg>\n',
    )
  })
})
