import { expect, it } from 'vitest'
import { countTests, type TestReport } from './count-tests.ts'

function report(passed: number, failed: number, brokenFiles = 0): TestReport {
  const broken = { status: 'failed', assertionResults: [] }
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
