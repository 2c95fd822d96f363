/** Sources for lint.test.ts: what the linter must refuse, and what it must let pass. Paths are below src/. */

const imports = 'eslint(no-restricted-imports)'
const properties = 'eslint(no-restricted-properties)'

const awaitInTry = `async function a() {}
export async function b() {
  try {
    return a()
  } catch {
    return null
  }
}`

const openSwitch = `export function a(b: 'c' | 'd') {
  switch (b) {
    case 'c':
      return 1
  }
  return 2
}`

function testThat(modifier: string, body: string): string {
  return `import { expect, it } from 'vitest'
it${modifier}('is named', () => {
  ${body}
  void expect
})`
}

/** Files, one import to a line: each line must be refused. */
export const FORBIDDEN_IMPORTS: Record<string, string[]> = {
  'core/a.ts': [
    '../store/b.ts',
    '../providers/index.ts',
    '../registry/b.ts',
    '../proxy/b.ts',
    '../config/b.ts',
  ],
  'core/deep/a.ts': ['../../store/b.ts', '../../config.ts', '../../../test/b.ts', '../../../package.json'],
  'core/one/two/three/a.ts': ['../../../../admin/b.ts', '../../../../app.ts'],
  'core/one/two/three/four/a.ts': ['./b.ts'],
  'store/a.ts': [
    '../providers/index.ts',
    '../upstream/b.ts',
    '../telemetry/b.ts',
    '../access/b.ts',
    '../main.ts',
  ],
  'providers/a.ts': ['../store/b.ts', '../upstream/signers/b.ts', '../routing/b.ts', '../admin/b.ts'],
  'providers/bedrock/a.ts': ['../../upstream/b.ts', '../../app.ts', 'jose', 'jsonata'],
  'providers/custom/a.ts': ['@smithy/eventstream-codec', '../../telemetry/b.ts'],
  'upstream/a.ts': [
    '../providers/index.ts',
    '../store/b.ts',
    '../telemetry/b.ts',
    'jose',
    '@smithy/signature-v4',
  ],
  'upstream/signers/aws.ts': ['jose', '../../providers/bedrock/b.ts'],
  'telemetry/a.ts': ['../store/b.ts', '../upstream/b.ts', '../registry/b.ts', '../console/b.ts'],
  'registry/a.ts': ['../access/b.ts', '../routing/b.ts', '../proxy/b.ts', '../config/b.ts', '../config.ts'],
  'access/a.ts': ['../registry/b.ts', '../admin/b.ts', '../providers/openai/b.ts', '../app.ts'],
  'routing/a.ts': ['../access/b.ts', '../registry/b.ts', '../console/b.ts', '../providers/a/b/c.ts'],
  'proxy/a.ts': [
    '../admin/b.ts',
    '../console/b.ts',
    '../main.ts',
    '../providers/anthropic/chat.ts',
    '../new/../app.ts',
  ],
  'admin/a.ts': [
    '../proxy/b.ts',
    '../console/b.ts',
    '../app.ts',
    './../proxy/b.ts',
    '../admin/../proxy/b.ts',
  ],
  'console/a.ts': [
    '../proxy/b.ts',
    '../admin/b.ts',
    '../config.ts',
    '../../src/proxy/b.ts',
    '..//proxy/b.ts',
  ],
  'proxy/deep/a.ts': ['../../admin/b.ts', '../../config/b.ts', '../../../test/b.ts', '..', '../', './'],
  'config/a.ts': ['../../test/b.ts', '../../package.json', 'hono', '../app/b.ts'],
  'app/a.ts': ['../app.ts', '../main.ts', 'undici', '../providers/openai/b.ts'],
  'config.ts': ['../bench/b.ts', 'undici', 'hono', 'vitest'],
  'app.ts': ['../tools/b.ts', './providers/openai/b.ts', 'yaml', 'jose', 'pino', 'node:process', 'openai'],
}

/** Libraries, each with a folder that does not own it. */
export const STRANGERS: Record<string, string> = {
  ioredis: 'registry',
  'ioredis/built/utils.js': 'registry',
  'node:sqlite': 'registry',
  undici: 'proxy',
  jose: 'registry',
  hono: 'telemetry',
  'hono/proxy': 'upstream',
  '@hono/node-server': 'access',
  '@hono/zod-openapi': 'routing',
  'swagger-ui-dist': 'console',
  pino: 'proxy',
  'prom-client': 'routing',
  '@smithy/signature-v4': 'access',
  '@smithy/eventstream-codec': 'proxy',
  jsonata: 'admin',
  yaml: 'registry',
  'node:fs/promises': 'core',
  'node:net': 'providers',
  'fast-check': 'core',
  '@langchain/openai': 'proxy',
  'node:process': 'telemetry',
}

export const LEGAL_IMPORTS: Record<string, string[]> = {
  'core/deep/b.ts': ['../a.ts', './config.ts', '../store/b.ts', 'zod', 'node:crypto'],
  'core/deep/b.test.ts': ['./b.ts', 'vitest', 'fast-check', 'node:fs', 'undici'],
  'store/redis/b.ts': ['ioredis', '../../core/a.ts', '../config.ts', 'node:sqlite', 'zod', 'node:fs'],
  'providers/bedrock/b.ts': ['@smithy/eventstream-codec', '../../core/a.ts', '../openai/chat.ts'],
  'providers/custom/b.ts': ['jsonata', '../index.ts'],
  'upstream/b.ts': ['undici', '../core/a.ts', 'node:net'],
  'upstream/signers/aws/b.ts': ['@smithy/signature-v4', 'undici', '../../../core/a.ts'],
  'upstream/signers/google-token.ts': ['jose', 'undici', '../../core/a.ts'],
  'telemetry/b.ts': ['pino', 'prom-client', '../core/a.ts'],
  'registry/b.ts': ['../core/a.ts', '../store/b.ts', '../providers/index.ts', '../telemetry/b.ts'],
  'registry/b.suite.ts': ['vitest', './b.ts', '../store/b.ts'],
  'access/b.ts': ['jose', '../upstream/b.ts', '../core/a.ts'],
  'proxy/b.ts': ['hono', '@hono/node-server', '../access/b.ts', '../routing/b.ts', '../upstream/b.ts'],
  'proxy/b.test.ts': ['./b.ts', 'undici', '../access/b.ts', '../../test/support/b.ts'],
  'admin/docs/b.ts': ['swagger-ui-dist', '@hono/zod-openapi', '../../registry/b.ts'],
  'console/b.ts': ['hono/jsx', '../registry/b.ts'],
  'config/b.ts': ['yaml', '../core/a.ts', '../registry/b.ts', 'node:fs'],
  'app/b.ts': ['hono', '@hono/node-server', '../config.ts', '../config/b.ts', '../proxy/b.ts'],
  'config.ts': ['./config/b.ts', 'yaml', 'zod'],
  'config-schema.ts': ['yaml', './core/a.ts'],
  'app.ts': [
    './config.ts',
    './proxy/b.ts',
    './store/b.ts',
    'hono',
    '@hono/node-server',
    './providers/index.ts',
  ],
  'main.ts': ['./app.ts', './config.ts'],
  'app.test.ts': ['./app.ts', 'openai'],
}

/** Forbidden imports of tests: their rows hold too. */
export const FORBIDDEN_IN_TESTS: Record<string, string[]> = {
  'access/a.test.ts': ['../proxy/b.ts', '../registry/b.ts', '../app.ts', '../../src/proxy/b.ts'],
  'store/store.suite.ts': ['../upstream/b.ts', '../admin/b.ts', '../config.ts'],
  'providers/openai/a.test.ts': ['../../upstream/b.ts', '../../config/b.ts'],
}

/** Whole files, each with the one rule that must refuse it. */
export const FAULTS: [path: string, rule: string, source: string][] = [
  ['proxy/env-1.ts', properties, 'export const port = process.env.PORT'],
  ['proxy/env-2.ts', properties, "export const port = process['env']"],
  ['proxy/env-3.ts', properties, 'export const { env } = process'],
  ['core/deep/env-4.ts', properties, 'export const port = globalThis.process.env'],
  ['app-env.ts', properties, 'export const port = process.env.PORT'],
  ['routing/env-5.ts', imports, "export { env } from 'node:process'"],
  ['access/export-all.ts', imports, "export * from '../proxy/b.ts'"],
  ['access/dynamic.ts', imports, "export const load = () => import('../proxy/b.ts')"],
  ['access/only-type.ts', imports, "export type { B } from '../proxy/b.ts'"],
  ['access/script.js', imports, "export { b } from '../proxy/b.ts'"],
  ['access/view.tsx', imports, "export { b } from '../proxy/b.ts'"],
  [
    'access/type-query.ts',
    'typescript(consistent-type-imports)',
    "export type B = import('../proxy/b.ts').B",
  ],
  ['access/required.ts', 'typescript(no-require-imports)', "export const b = require('../proxy/b.ts')"],
  ['access/type.ts', 'typescript(consistent-type-imports)', "import { B } from './b.ts'\nexport type C = B"],
  ['access/fetch.ts', 'eslint(no-restricted-globals)', "export const answer = fetch('http://localhost')"],
  ['access/cycle-1.ts', 'import(no-cycle)', "import { b } from './cycle-2.ts'\nexport const a = () => b"],
  ['access/cycle-2.ts', 'import(no-cycle)', "import { a } from './cycle-1.ts'\nexport const b = () => a"],
  ['access/default.ts', 'import(no-default-export)', 'export default 1'],
  ['access/mutable.ts', 'import(no-mutable-exports)', 'export let a = 1\na = 2'],
  ['access/console.ts', 'eslint(no-console)', "console.log('')"],
  ['console-main.ts', 'eslint(no-console)', "console.log('')"],
  ['access/any.ts', 'typescript(no-explicit-any)', 'export type A = any'],
  ['access/floating.ts', 'typescript(no-floating-promises)', 'async function a() {}\na()'],
  [
    'access/misused.ts',
    'typescript(no-misused-promises)',
    'const a = async () => 1\nif (a()) throw new Error()',
  ],
  ['access/await-in-try.ts', 'typescript(return-await)', awaitInTry],
  ['access/throws.ts', 'typescript(only-throw-error)', "throw 'text'"],
  [
    'access/rejects.ts',
    'typescript(prefer-promise-reject-errors)',
    "export const a = () => Promise.reject('text')",
  ],
  ['access/ignored.ts', 'typescript(ban-ts-comment)', '// @ts-ignore\nexport const a: string = 1'],
  ['access/switch.ts', 'typescript(switch-exhaustiveness-check)', openSwitch],
  ['access/equal.ts', 'eslint(eqeqeq)', 'export const a = (b: string, c: string) => b == c'],
  ['access/names.ts', 'eslint(id-denylist)', 'export const msg = 1'],
  ['access/unused.ts', 'eslint(no-unused-vars)', 'const a = 1\nexport {}'],
  ['access/let.ts', 'eslint(prefer-const)', 'let a = 1\nexport const b = a'],
  ['access/var.ts', 'eslint(no-var)', 'export var a = 1'],
  ['access/protocol.ts', 'unicorn(prefer-node-protocol)', "export { readFile } from 'fs'"],
  ['access/long.ts', 'eslint(max-lines)', 'export {}\n'.repeat(401)],
  ['access/long.test.ts', 'eslint(max-lines)', 'export {}\n'.repeat(401)],
  ['access/long-function.ts', 'eslint(max-lines-per-function)', `export function a() {${'\n'.repeat(80)}}`],
  ['access/only.test.ts', 'vitest(no-focused-tests)', testThat('.only', 'expect(1).toBe(1)')],
  ['access/skip.test.ts', 'vitest(no-disabled-tests)', testThat('.skip', 'expect(1).toBe(1)')],
  ['access/nothing.test.ts', 'vitest(expect-expect)', testThat('', '')],
  ['access/if.test.ts', 'vitest(no-conditional-expect)', testThat('', 'if (Date.now()) expect(1).toBe(1)')],
  [
    'access/directive.ts',
    'Unused oxlint-disable directive (no problems were reported).',
    '// oxlint-disable-next-line no-console\nexport const a = 1',
  ],
]

export const LEGAL_FILES: [path: string, source: string][] = [
  ['src/config-env.ts', 'export const port = process.env.PORT'],
  ['src/config/env.ts', 'export const port = process.env.PORT'],
  ['src/access/env.test.ts', 'export const folder = process.env.FOLDER'],
  ['src/access/long-function.test.ts', `export function a() {${'\n'.repeat(80)}}`],
  ['src/fetch.ts', "export const answer = fetch('http://localhost')"],
  ['tools/script.ts', 'console.log(process.env.PORT)'],
  ['bench/deep/script.ts', "import '../../src/app.ts'\nconsole.log(process.env.PORT)"],
  ['test/deep/a.test.ts', "import '../../src/app.ts'\nimport '../../src/proxy/b.ts'\nimport 'undici'"],
  ['root.config.ts', 'export default process.env.PORT'],
]
