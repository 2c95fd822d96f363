import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  FAULTS,
  FORBIDDEN_IMPORTS,
  FORBIDDEN_IN_TESTS,
  LEGAL_FILES,
  LEGAL_IMPORTS,
  STRANGERS,
} from './lint-plants.ts'

// A linter that reads no file finds no fault. So faults are planted in a tree of their own, judged by the very
// configuration of this one, and each must be found; a tree without them must pass.

interface Report {
  diagnostics: { filename: string; code?: string; message: string; labels: { span: { line: number } }[] }[]
  number_of_files: number
}

const repository = fileURLToPath(new URL('..', import.meta.url))
const roots: string[] = []

/** A tree outside this one with the real configuration and the files given by path. */
function plant(files: Map<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'modelgate-lint-'))
  roots.push(root)
  for (const name of ['oxlint.config.ts', 'package.json', 'tsconfig.json']) {
    copyFileSync(join(repository, name), join(root, name))
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  mkdirSync(join(root, 'src'))
  for (const [path, source] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${source}\n`)
  }
  return root
}

function lint(root: string) {
  const linter = join(repository, 'node_modules/oxlint/bin/oxlint')
  const options = { cwd: root, encoding: 'utf8', timeout: 20_000 } as const
  return spawnSync(process.execPath, [linter, '--format', 'json'], options)
}

function readReport(stdout: string) {
  const report: Report = JSON.parse(stdout)
  const faults = report.diagnostics.map(({ filename, code, message, labels }) => ({
    path: filename,
    line: labels[0]?.span.line,
    rule: code ?? message,
  }))
  return { faults, files: report.number_of_files }
}

/** One file for each path, one import to a line. */
function importing(table: Record<string, string[]>): [path: string, source: string][] {
  return Object.entries(table).map(([path, names]) => [
    `src/${path}`,
    names.map((name) => `import '${name}'`).join('\n'),
  ])
}

const strangers = Object.entries(STRANGERS).map(([name, folder], index): [string, string[]] => [
  `${folder}/stranger-${index}.ts`,
  [name],
])
const forbidden = { ...FORBIDDEN_IMPORTS, ...FORBIDDEN_IN_TESTS, ...Object.fromEntries(strangers) }

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

describe('the linter, over planted faults', () => {
  let status: number | null
  let report: ReturnType<typeof readReport>

  const rulesIn = (path: string) => report.faults.filter((fault) => fault.path === `src/${path}`)

  beforeAll(() => {
    const sources = FAULTS.map(([path, , source]): [string, string] => [`src/${path}`, source])
    const answer = lint(plant(new Map([...importing(forbidden), ...sources])))
    status = answer.status
    report = readReport(answer.stdout)
  })

  it('fails', () => {
    expect(status).toBe(1)
  })

  it.each(Object.entries(forbidden))('refuses every import of src/%s', (path, names) => {
    const refused = rulesIn(path).filter(({ rule }) => rule === 'eslint(no-restricted-imports)')
    expect(new Set(refused.map(({ line }) => names[(line ?? 0) - 1]))).toEqual(new Set(names))
  })

  it.each(FAULTS)('refuses src/%s by %s', (path, rule) => {
    expect(rulesIn(path).map((fault) => fault.rule)).toContain(rule)
  })
})

describe('the linter, over what is legal', () => {
  it('reads every file and finds nothing', () => {
    const legal = new Map([...importing(LEGAL_IMPORTS), ...LEGAL_FILES])
    const { status, stdout } = lint(plant(legal))
    expect(readReport(stdout)).toEqual({ faults: [], files: legal.size + ['oxlint.config.ts'].length })
    expect(status).toBe(0)
  })

  it('refuses a folder without a row, even an empty one', () => {
    const root = plant(new Map([['src/main.ts', 'export {}']]))
    mkdirSync(join(root, 'src/stray'))
    const { status, stdout, stderr } = lint(root)
    expect(stdout + stderr).toContain('src/stray/ has no row in oxlint.config.ts')
    expect(status).toBe(1)
  })
})
