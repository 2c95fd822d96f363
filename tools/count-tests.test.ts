import { expect, it } from 'vitest'
import { countTests, listFailures, type TestReport } from './count-tests.ts'

function report(passed: number, failed: number, brokenFiles = 0): TestReport {
  const broken = { name: 'a.test.ts', status: 'failed', message: 'Error: no server', assertionResults: [] }
  return { numPassedTests: passed, numFailedTests: failed, testResults: Array(brokenFiles).fill(broken) }
}

it('sums the runs', () => {
  expect(countTests([report(3, 0), report(4, 0)], false)).toEqual({ passed: 7, failed: 0 })
  expect(countTests([report(3, 1), report(4, 2)], true)).toEqual({ passed: 7, failed: 3 })
})

it('counts a file that broke before its first test', () => {
  expect(countTests([report(3, 0, 2)], true)).toEqual({ passed: 3, failed: 2 })
})

it('counts a failure that no report shows', () => {
  expect(countTests([report(3, 0)], true)).toEqual({ passed: 3, failed: 1 })
})

it('does not take silence for success', () => {
  expect(countTests([], false)).toEqual({ passed: 0, failed: 1 })
  expect(countTests([report(0, 0)], false)).toEqual({ passed: 0, failed: 1 })
})

it('lists what failed: a test, a hook, a file that broke', () => {
  const test = (status: string) => ({
    fullName: `a ${status} test`,
    status,
    failureMessages: ['Error: 1 is not 2'],
  })
  const file = { name: 'b.test.ts', status: 'failed', message: '' }
  const hook = {
    ...file,
    name: 'c.test.ts',
    message: 'Error: in a hook',
    assertionResults: [test('skipped')],
  }
  const inner = { ...hook, name: 'd.test.ts', message: '' }
  const passed = { ...file, status: 'passed', assertionResults: [test('passed')] }
  const testResults = [{ ...file, assertionResults: [test('passed'), test('failed')] }, hook, inner, passed]
  expect(listFailures([report(1, 0, 1), { ...report(1, 1), testResults }])).toEqual([
    'failed: a.test.ts\n  Error: no server',
    'failed: b.test.ts: a failed test\n  Error: 1 is not 2',
    'failed: c.test.ts\n  Error: in a hook',
    'failed: d.test.ts\n  a hook failed: see above',
  ])
})
