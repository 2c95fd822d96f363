import { expect, it } from 'vitest'
import { countTests, listFailures, type TestReport } from './count-tests.ts'

const test = (status: string) => ({
  fullName: `a ${status} test`,
  status,
  failureMessages: ['Error: 1 is not 2'],
})
const file = { name: 'a.test.ts', status: 'failed', message: '' }

function report(passed: number, failed: number, brokenFiles = 0): TestReport {
  const broken = { ...file, message: 'Error: no server', assertionResults: [] }
  const tests = Array.from({ length: failed }, () => test('failed'))
  const failing = failed === 0 ? [] : [{ ...file, name: 'b.test.ts', assertionResults: tests }]
  return {
    numPassedTests: passed,
    testResults: [...Array<typeof broken>(brokenFiles).fill(broken), ...failing],
  }
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

it('lists what failed, and counts the same: a test, a hook, a file that broke', () => {
  const hook = {
    ...file,
    name: 'c.test.ts',
    message: 'Error: in a hook',
    assertionResults: [test('skipped')],
  }
  const inner = { ...file, name: 'd.test.ts', assertionResults: [test('skipped'), test('failed')] }
  const passed = { ...file, status: 'passed', assertionResults: [test('passed'), test('skipped')] }
  const reports = [report(1, 1, 1), { numPassedTests: 1, testResults: [hook, inner, passed] }]
  expect(listFailures(reports)).toEqual([
    'failed: a.test.ts\n  Error: no server',
    'failed: b.test.ts: a failed test\n  Error: 1 is not 2',
    'failed: c.test.ts\n  Error: in a hook',
    'failed: d.test.ts\n  tests were skipped, as after a hook that fails: see above',
    'failed: d.test.ts: a failed test\n  Error: 1 is not 2',
  ])
  expect(countTests(reports, true)).toEqual({ passed: 2, failed: 5 })
})
