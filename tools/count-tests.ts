import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fields used of a report by vitest's json reporter. */
export interface TestReport {
  numPassedTests: number
  testResults: FileResult[]
}

interface FileResult {
  /** The file's path. */
  name: string
  status: string
  /** Why the file broke, where it was not a test that failed. */
  message: string
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
}

const LINES_OF_A_FAILURE = 12

/**
 * Sums test runs. Each failure that the reports name counts; one that is in no report (a linter's, a crash, an error
 * outside of tests) does where there is no other, and so does a run without a single test.
 */
export function countTests(reports: TestReport[], stepFailed: boolean): { passed: number; failed: number } {
  const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0)
  const unseen = stepFailed || passed === 0 ? 1 : 0
  return { passed, failed: Math.max(listFailures(reports).length, unseen) }
}

/**
 * What failed and how, in few lines each: a long run's own words about it are far above its last line. Failed tests,
 * and files of which more than that failed: they broke before their first test, or a hook did.
 */
export function listFailures(reports: TestReport[]): string[] {
  const files = reports.flatMap(({ testResults }) => testResults).filter(({ status }) => status === 'failed')
  return files.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => describeFailure(`${name}: ${test.fullName}`, test.failureMessages.join('\n')))
    // Of a hook within a `describe` the reporter keeps no words, but its tests are skipped.
    const hasMore = tests.length === 0 || assertionResults.some(({ status }) => status === 'skipped')
    if (message === '' && !hasMore) return tests
    return [
      describeFailure(name, message || 'tests were skipped, as after a hook that fails: see above'),
      ...tests,
    ]
  })
}

function describeFailure(what: string, message: string): string {
  const lines = message.split('\n').slice(0, LINES_OF_A_FAILURE)
  return [`failed: ${what}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

if (import.meta.main) {
  const [folder = '.', stepFailed] = process.argv.slice(2)
  const reports = readdirSync(folder).map((name): TestReport =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')),
  )
  for (const failure of listFailures(reports)) process.stdout.write(`${failure}\n`)
  const { passed, failed } = countTests(reports, stepFailed === '1')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : 0
}
