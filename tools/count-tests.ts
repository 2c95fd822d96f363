import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fields used of a report by vitest's json reporter. */
export interface TestReport {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

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

if (import.meta.main) {
  const [folder = '.', stepFailed] = process.argv.slice(2)
  const reports = readdirSync(folder).map((name): TestReport =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')),
  )
  const { passed, failed } = countTests(reports, stepFailed === '1')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : 0
}
