import { readdirSync } from 'node:fs'
import { defineConfig, type OxlintOverride } from 'oxlint'
import manifest from './package.json' with { type: 'json' }

/** A folder of src/ imports only from rows above its own; folders of one row never import each other. */
const ROWS = [
  ['core'],
  ['store', 'providers', 'upstream', 'telemetry'],
  ['registry', 'access', 'routing'],
  ['proxy', 'admin', 'console'],
]

/** Parts of `config.ts` and `app.ts`: like these they come after the rows, one after the other. */
const ROOT_FOLDERS = ['config', 'app']

/** A library stands only with its owners: folders (`store/`) or files (`config*.ts`; `*` is any root file). */
const OWNERS = {
  ioredis: ['store/'],
  'node:sqlite': ['store/'],
  undici: ['upstream/'],
  '@smithy': ['upstream/signers/', 'providers/bedrock/'],
  jose: ['access/', 'upstream/signers/google*.ts'],
  pino: ['telemetry/'],
  'prom-client': ['telemetry/'],
  hono: ['proxy/', 'admin/', 'console/', 'app/', '*'],
  '@hono': ['proxy/', 'admin/', 'console/', 'app/', '*'],
  'swagger-ui-dist': ['admin/'],
  jsonata: ['providers/custom/'],
  yaml: ['config/', 'config*.ts'],
}

/** Folders that only compute. */
const PURE = ['core', 'providers']
const OUTSIDE_WORLD = 'fs|net|tls|dns|dgram|http|https|http2|child_process'

/** Tests, and the contract suites they share: any library will do, rows hold as for the folder. */
const TESTS = ['*.test.ts', '*.suite.ts']
const MAX_DEPTH = 4

// Patterns go to Rust's regex engine, which has no lookaround; a pattern it cannot read is silently no pattern.
// tools/lint.test.ts therefore plants a fault for every kind of entry above.
const folders = [...ROWS.flat(), ...ROOT_FOLDERS]
for (const entry of readdirSync(new URL('src/', import.meta.url), { withFileTypes: true })) {
  if (entry.isDirectory() && !folders.includes(entry.name)) {
    throw new Error(`src/${entry.name}/ has no row in oxlint.config.ts`)
  }
}

function rowOf(folder: string): number {
  const row = ROWS.findIndex((names) => names.includes(folder))
  return row < 0 ? ROWS.length + ROOT_FOLDERS.indexOf(folder) : row
}

function forbid(regex: string, message: string) {
  return { regex, message }
}

/** What a file `depth` folders below src/ may not name by a relative path; '' is the root. */
function forbiddenPaths(folder: string, depth: number, isTest: boolean) {
  const src = depth === 0 ? '\\./' : '\\.\\./'.repeat(depth)
  const outside = '\\.\\./'.repeat(depth + 1) + (isTest ? 'src/' : '')
  const unreachable = folders.filter((name) => name !== folder && rowOf(name) >= rowOf(folder)).join('|')
  return [
    forbid('^\\./\\.|^\\..*(/\\./|//|[^.]/\\.\\.(/|$))|^\\.\\.?$|/$', 'Write the shortest path to a file.'),
    forbid(`^${outside}`, 'src/ imports nothing from outside itself.'),
    forbid(`^${src}providers/.+/`, 'Only providers/index.ts names a provider.'),
    ...(folder === ''
      ? []
      : [
          forbid(`^${src}(${unreachable})/`, `${folder}/ imports only from rows above its own.`),
          forbid(
            `^${src}${folder === 'app' ? '(app|main)\\.' : '[^./][^/]*$'}`,
            'Nothing imports the root files.',
          ),
        ]),
  ]
}

/** Libraries that may not stand in a place, written as the owners are. */
function forbiddenLibraries(place: string) {
  const isOwner = (owner: string) => (owner.endsWith('/') ? place.startsWith(owner) : place === owner)
  const development = Object.keys(manifest.devDependencies).join('|')
  return [
    ...Object.entries(OWNERS)
      .filter(([, owners]) => !owners.some(isOwner))
      .map(([name, owners]) => forbid(`^${name}(/|$)`, `${name} stands only in ${owners.join(', ')}`)),
    forbid(`^(${development})(/|$)`, 'Development dependencies are for tests.'),
    forbid('^(node:)?process$', 'Only src/config reads the environment; the rest of process is global.'),
    ...(PURE.some((folder) => place.startsWith(`${folder}/`))
      ? [forbid(`^(node:)?(${OUTSIDE_WORLD})(/|$)`, 'This folder only computes.')]
      : []),
  ]
}

/** One override for each depth, since the depth says what a relative path points at. */
function overridesFor(place: string, isTest: boolean): OxlintOverride[] {
  const segments = place.split('/')
  const last = segments.pop() ?? ''
  const files = isTest ? TESTS : [last || '*']
  const depths = last === '' ? MAX_DEPTH - segments.length + 1 : 1
  return Array.from({ length: depths }, (_, deeper) => ({
    files: files.map((file) => ['src', ...segments, ...Array(deeper).fill('*'), file].join('/')),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...forbiddenPaths(segments[0] ?? '', segments.length + deeper, isTest),
            ...(isTest ? [] : forbiddenLibraries(place)),
          ],
        },
      ],
    },
  }))
}

// The last override that fits a file decides, so the narrow places follow the wide ones, and tests follow all.
const everywhere = [
  ...new Set([...folders.map((folder) => `${folder}/`), ...Object.values(OWNERS).flat()]),
].toSorted((one, other) => one.length - other.length)
const imports: OxlintOverride[] = [
  {
    files: ['src/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [forbid('.', `Deeper than ${MAX_DEPTH} folders.`)] }],
    },
  },
  ...everywhere.flatMap((place) => overridesFor(place, false)),
  ...everywhere.flatMap((place) => overridesFor(place, true)),
]

const environment = [
  { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
  { object: 'globalThis', property: 'process', message: 'Say process.' },
]
const globalFetch = { name: 'fetch', message: 'Only upstream opens connections, and by its own dispatcher.' }

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['node_modules', 'dist', '/data', 'coverage'],
  categories: { correctness: 'error' },
  rules: {
    eqeqeq: 'error',
    'id-denylist': ['error', 'msg', 'cfg', 'opts', 'tmp'],
    'max-lines': ['error', 400],
    'max-lines-per-function': ['error', 80],
    'no-console': 'error',
    'no-restricted-properties': ['error', ...environment],
    'no-var': 'error',
    'prefer-const': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-mutable-exports': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-require-imports': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'unicorn/prefer-node-protocol': 'error',
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'assert*', '**.assert'] }],
  },
  overrides: [
    ...imports,
    {
      files: ['src/*/**'],
      rules: { 'no-restricted-globals': ['error', globalFetch] },
    },
    {
      files: ['src/config*.ts', 'src/config/**', ...TESTS.map((files) => `src/**/${files}`)],
      rules: { 'no-restricted-properties': 'off' },
    },
    {
      files: TESTS.map((files) => `**/${files}`),
      rules: { 'max-lines-per-function': 'off', 'no-restricted-globals': 'off' },
    },
    {
      files: ['*.config.ts', 'bin/**', 'bench/**', 'test/**', 'tools/**'],
      rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
    },
    {
      files: ['*.config.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
})
