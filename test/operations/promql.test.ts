import { describe, expect, it } from 'vitest'
import { faultsOf, readExpression, type Series } from './promql.ts'

const known: Series[] = [
  { name: 'requests_total', labels: { model: 'gpt', status: '200' } },
  { name: 'requests_total', labels: { model: 'gpt', status: '502' } },
  { name: 'errors_total', labels: { reason: 'network' } },
  { name: 'up_now', labels: {} },
]

describe('faultsOf', () => {
  it.each([
    'up_now == 0',
    'sum by (job, model) (rate(requests_total{status=~"5..", model!="other"}[5m])) > 0.5e3',
    'sum(rate(requests_total[5m])) by (model)',
    'sum by (namespace, job) (requests_total or errors_total) / on (job) group_left () up_now offset 5m',
    'topk(5, sum by (reason) (increase(errors_total{instance="a"}[1h])))',
    'count(requests_total{status=~".*"}) without (status)',
    'time() - max by (model) (requests_total)',
  ])('has nothing to say of %s', (expression) => {
    expect(faultsOf(expression, known)).toEqual([])
  })

  it.each([
    ['request_total', ['there is no request_total']],
    ['sum by (model) (rate(request_total[5m]))', ['there is no request_total']],
    ['requests_total{modle="gpt"}', ['requests_total has no label modle']],
    ['sum by (modle) (requests_total)', ['requests_total has no label modle']],
    ['sum(requests_total) by (modle)', ['requests_total has no label modle']],
    ['requests_total{status="5xx"}', ['no series of requests_total has status="5xx"']],
    ['requests_total{status=~"5"}', ['no series of requests_total has status=~"5"']],
    ['sum by (model) (requests_total or errors_total)', ['errors_total has no label model']],
    ['requests_total / on (reason) errors_total', ['requests_total has no label reason']],
    [
      'sum by (reason) (requests_total{status="200"}) + ups_now',
      ['there is no ups_now', 'requests_total has no label reason'],
    ],
  ])('finds the fault in %s', (expression, faults) => {
    expect(faultsOf(expression, known)).toEqual(faults)
  })

  it.each(['{job="a"}', 'requests_total{status}', 'requests_total ? 1', 'sum by model (requests_total)'])(
    'does not pass over what it cannot read: %s',
    (expression) => {
      expect(() => readExpression(expression)).toThrow(Error)
    },
  )
})
