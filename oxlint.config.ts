import { defineConfig, type OxlintOverride } from 'oxlint'
import manifest from './package.json' with { type: 'json' }

/** A folder of src/ imports only from rows above its own; folders of the same row never import each other. */
const ROWS = [
  ['core'],
  ['store', 'providers', 'upstream', 'telemetry'],
  ['registry', 'access', 'routing'],
  ['proxy', 'admin', 'console'],
]

/** Nothing imports the root; within it each file imports only those before it. `config/` holds parts of config.ts. */
const ROOT_FILES = ['config.ts', 'app.ts', 'main.ts']
const ROOT_FOLDERS = ['config']

/** A library stands only where its owner is: a folder (`store/`) or files (`config*.ts`), relative to src/. */
const OWNERS: Record<string, string[]> = {
  ioredis: ['store/'],
  'node:sqlite': ['store/'],
  undici: ['upstream/'],
  '@smithy': ['upstream/signers/', 'providers/bedrock/'],
  jose: ['access/', 'upstream/signers/google*.ts'],
  pino: ['telemetry/'],
  'prom-client': ['telemetry/'],
  hono: ['proxy/', 'admin/', 'console/', '*.ts'],
  '@hono': ['proxy/', 'admin/', 'console/', '*.ts'],
  'swagger-ui-dist': ['admin/'],
  jsonata: ['providers/custom/'],
  yaml: ['config/', 'config*.ts'],
}

/** Folders that compute and never reach out: no file, socket or process, and no clock of their own. */
const PURE = ['core', 'providers']
const REACHING_OUT = 'fs|net|tls|dns|dgram|http|https|http2|child_process|worker_threads|cluster|process|timers'

/** Tests, and the contract suites they share: libraries are free, rows are not. */
const TESTS = ['.test.ts', '.suite.ts']
const OUTSIDE_SRC = ['*.ts', 'bin/**', 'bench/**', 'test/**', 'tools/**']
const MAX_DEPTH = 4

type Restriction = { regex: string; message: string }

const folders = [...ROWS.flat(), ...ROOT_FOLDERS]
const devLibraries = Object.keys(manifest.devDependencies)

function isAbove(folder: string, importer: string): boolean {
  const row = (name: string) => ROWS.findIndex((names) => names.includes(name))
  return ROOT_FOLDERS.includes(importer) || (row(folder) >= 0 && row(folder) < row(importer))
}

/** What a file `depth` folders below src/ may not name by a relative path. */
function relativeImports(depth: number, folder: string, isTest: boolean): Restriction[] {
  const up = `^${depth === 0 ? '\\./' : '\\.\\./'.repeat(depth)}`
  const forbidden = folders.filter((name) => name !== folder && folder !== '' && !isAbove(name, folder))
  return [
    { regex: '^\\.(/\\.|\\.?/.*(/\\.?/|[^.]/\\.\\./|//))', message: 'Write the shortest path.' },
    { regex: `^\\.\\.?$|/$|/\\.\\.$`, message: 'Name the file: there are no folder imports.' },
    {
      regex: `^${'\\.\\./'.repeat(depth + 1)}${isTest ? '(?:[^t]|t[^e])' : ''}`,
      message: 'src/ imports nothing from outside itself.',
    },
    { regex: `${up}(${forbidden.join('|') || '$.'})/`, message: `${folder}/ imports only from rows above its own.` },
    ...(folder === '' ? [] : [{ regex: `${up}[^./][^/]*$`, message: 'Nothing imports the root files.' }]),
    ...(folder === '' || folder === 'providers' || ROOT_FOLDERS.includes(folder)
      ? []
      : [{ regex: `${up}providers/.+/`, message: 'Only providers/index.ts names a provider.' }]),
  ]
}
