import { execFile } from 'node:child_process'
import { cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Buildah } from './buildah.ts'

const run = promisify(execFile)

/** What the Dockerfile's own steps call, and `npm run`. */
const commands = ['sh', 'rm', 'mkdir', 'chown', 'env', 'ln']
const folders = [
  'etc',
  'proc',
  'root',
  'tmp',
  'usr/bin',
  'usr/lib',
  'usr/lib64',
  'usr/local/bin',
  'usr/local/etc',
]
/** By which npm reaches its registry, wherever this machine has it. */
const npmSettings = ['registry', 'cafile', 'proxy', 'https-proxy']

export interface BaseImageOptions {
  readonly buildah: Buildah
  /** An empty folder to put the root file system together in. */
  readonly directory: string
  readonly tag: string
}

/**
 * Stands in for `node:…-slim` where no image can be pulled: this process's Node and this machine's npm, shell and C
 * library, laid out as in that image, with its user `node`.
 */
export async function makeBaseImage({ buildah, directory, tag }: BaseImageOptions): Promise<void> {
  const at = (path: string) => join(directory, path)
  for (const folder of folders) await mkdir(at(folder), { recursive: true })
  for (const merged of ['bin', 'lib', 'lib64']) await symlink(`usr/${merged}`, at(merged))
  const programs = await Promise.all(commands.map(which))
  const libraries = await Promise.all([process.execPath, ...programs].map(librariesOf))
  for (const path of new Set([...programs, ...libraries.flat()])) await place(path, at(path))
  await place(process.execPath, at('usr/local/bin/node'))
  await place('/usr/bin/env', at('usr/bin/env'))
  await placeNpm(at)
  await writeFile(at('etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
  await writeFile(at('etc/group'), 'root:x:0:\nnode:x:1000:\n')
  const container = (await buildah('from', 'scratch')).trim()
  await buildah('copy', container, directory, '/')
  await buildah('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container)
  await buildah('commit', '--rm', container, tag)
}

async function placeNpm(at: (path: string) => string): Promise<void> {
  const npm = dirname(dirname(await realpath(await which('npm'))))
  await cp(npm, at('usr/local/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true })
  await writeFile(
    at('usr/local/bin/npm'),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
    { mode: 0o755 },
  )
  const lines: string[] = []
  for (const name of npmSettings) {
    const value = await npmSetting(name)
    if (value === null) continue
    lines.push(`${name}=${value}`)
    if (name === 'cafile') await place(value, at(value))
  }
  await writeFile(at('usr/local/etc/npmrc'), `${lines.join('\n')}\n`)
}

async function npmSetting(name: string): Promise<string | null> {
  const value = (await run('npm', ['config', 'get', name])).stdout.trim()
  if (value !== '' && value !== 'null') return value
  return name === 'cafile' ? (process.env['NODE_EXTRA_CA_CERTS'] ?? null) : null
}

async function which(name: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', `command -v ${name}`])
  return stdout.trim()
}

async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program])
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '')
}

/** The file itself, whatever links lead to it. */
async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await cp(await realpath(from), to)
}
