import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Manifest, titleOf } from './manifest.ts'

const run = promisify(execFile)
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
const operator = fileURLToPath(new URL('prometheus-operator.ts', import.meta.url))

/**
 * What is wrong with manifests by Kubernetes' own types, a sentence each: unknown and missing fields, wrong types, words
 * that are none of an enumeration. Each manifest becomes a constant of its type, and TypeScript's checker is the judge,
 * since it refuses fields that a type does not have.
 */
export async function typeFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-types-'))
  try {
    await symlink(modules, join(directory, 'node_modules'))
    await cp(operator, join(directory, 'prometheus-operator.ts'))
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(settings))
    const unknown: string[] = []
    for (const [index, manifest] of manifests.entries()) {
      const type = typeOf(manifest)
      if (type === null) unknown.push(`${titleOf(manifest)}: no such type in ${manifest.apiVersion}`)
      else await writeFile(join(directory, `${index}.ts`), sourceOf(manifest, type))
    }
    return [...unknown, ...(await check(directory, manifests))]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const settings = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'nodenext',
    target: 'esnext',
    types: [],
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
  },
}

function typeOf({ apiVersion, kind }: Manifest): { from: string; name: string } | null {
  if (apiVersion === 'monitoring.coreos.com/v1') return { from: './prometheus-operator.ts', name: kind }
  const path = `kubernetes-models/${apiVersion}/${kind}`
  return existsSync(join(modules, `${path}.js`)) ? { from: path, name: `I${kind}` } : null
}

function sourceOf(manifest: Manifest, { from, name }: { from: string; name: string }): string {
  return `import type { ${name} } from '${from}'\nexport const manifest: ${name} = ${JSON.stringify(manifest, null, 1)}\n`
}

async function check(directory: string, manifests: readonly Manifest[]): Promise<string[]> {
  const compiler = join(modules, '.bin', 'tsc')
  const options = { timeout: 60_000, maxBuffer: 64 * 1024 * 1024, cwd: directory }
  const said = await run(compiler, ['--pretty', 'false', '-p', directory], options).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; message: string }) => {
      if (!error.stdout) throw new Error(error.message)
      return error.stdout
    },
  )
  return said
    .split('\n')
    .filter((line) => line.includes(': error '))
    .map((line) => {
      const [, index, text] = /^(\d+)\.ts.*?: error (.*)$/.exec(line) ?? []
      const manifest = manifests[Number(index)]
      return manifest === undefined ? line : `${titleOf(manifest)}: ${text}`
    })
}
