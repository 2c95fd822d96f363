import { describe, expect, it } from 'vitest'
import { parseExposition } from './exposition.ts'

const counter = '# HELP a_total Things.\n# TYPE a_total counter\n'
const histogram = '# HELP h Times.\n# TYPE h histogram\n'

describe('parseExposition', () => {
  it('reads families, labels and values', () => {
    const text = `${counter}a_total{x="1\\"2\\n3\\\\",y=""} 4\na_total 1e-7\n\n# HELP g Now.\n# TYPE g gauge\ng -Inf\n`
    const families = parseExposition(text)
    expect(families.get('a_total')).toEqual({
      name: 'a_total',
      help: 'Things.',
      type: 'counter',
      samples: [
        { name: 'a_total', labels: { x: '1"2\n3\\', y: '' }, value: 4 },
        { name: 'a_total', labels: {}, value: 1e-7 },
      ],
    })
    expect(families.get('g')?.samples[0]?.value).toBe(-Infinity)
  })

  it.each([
    ['no line feed at the end', `${counter}a_total 1`],
    ['a sample before any family', 'a_total 1\n'],
    ['a sample of another family', `${counter}b_total 1\n`],
    ['a family in two pieces', `${counter}${counter}`],
    ['a type of another family', '# HELP a Things.\n# TYPE b counter\n'],
    ['a series twice', `${counter}a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n`],
    ['a label twice', `${counter}a_total{x="1",x="2"} 1\n`],
    ['an unescaped quote', `${counter}a_total{x="1"2"} 1\n`],
    ['an unknown escape', `${counter}a_total{x="\\t"} 1\n`],
    ['no number', `${counter}a_total one\n`],
    ['a counter below 0', `${counter}a_total -1\n`],
    ['an unknown type', '# HELP a Things.\n# TYPE a thing\na 1\n'],
    ['a histogram without its end', `${histogram}h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n`],
    ['a histogram without its sum', `${histogram}h_bucket{le="+Inf"} 1\nh_count 1\n`],
    ['shrinking counts', `${histogram}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`],
    [
      'shrinking bounds',
      `${histogram}h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
    ],
    ['a count that is not the last bucket’s', `${histogram}h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow(Error)
  })
})
