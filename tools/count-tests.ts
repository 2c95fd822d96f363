import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fields used of a report by vitest's json reporter. */
export interface TestReport {
  numPassedTests: number
  numFailedTests: number
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
 * Sums test runs. A file that broke before its first test counts as one failure, and so does a failure that is in no
 * report (a linter's, a crash), and a run without a single test.
 */
export function countTests(reports: TestReport[], stepFailed: boolean): { passed: number; failed: number } {
  let passed = 0
  let failed = 0
  for (const report of reports) {
    const broken = report.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    passed += report.numPassedTests
    failed += report.numFailedTests + broken.length
  }
  const unseen = stepFailed || passed === 0 ? 1 : 0
  return { passed, failed: Math.max(failed, unseen) }
}

/** What failed and how, in few lines each: a long run's own words about it are far above its last line. */
export function listFailures(reports: TestReport[]): string[] {
  const files = reports.flatMap(({ testResults }) => testResults).filter(({ status }) => status === 'failed')
  return files.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => describeFailure(`${name}: ${test.fullName}`, test.failureMessages.join('\n')))
    // The reporter keeps no words of a hook within a `describe`.
    const ofFile = message === '' && tests.length === 0 ? 'a hook failed: see above' : message
    return ofFile === '' ? tests : [describeFailure(name, ofFile), ...tests]
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
