import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { buildImage } from '../../tools/image/build-image.ts'
import { type RunningImage, runImage } from '../../tools/image/run-image.ts'
import { findOrInstall } from '../support/debian-package.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/wait.ts'

let directory: string
let image: RunningImage
let url: string

beforeAll(async () => {
  await findOrInstall({ binaries: ['buildah'], package: 'buildah' })
  directory = await mkdtemp(join(tmpdir(), 'modelgate-image-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  image = await runImage(await buildImage(directory), { directory, env: { PORT: String(port) } })
  await until('the image serves', () => image.output().includes('team token'), { timeoutMs: 20_000 })
}, 400_000)

afterAll(async () => {
  image?.kill()
  await image?.exited
  await rm(directory, { recursive: true, force: true })
}, 60_000)

it('says what it is, and who it runs as', () => {
  expect(image.config).toMatchObject({
    User: '1000:1000',
    StopSignal: 'SIGTERM',
    WorkingDir: '/var/lib/modelgate',
    Volumes: { '/var/lib/modelgate': {} },
    Labels: {
      'org.opencontainers.image.title': 'modelgate',
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    },
  })
})

it('holds what runs, and neither sources, tests, development tools nor package managers', async () => {
  const app = join(image.root, 'app')
  expect((await readdir(app)).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'bin',
    'config',
    'dist',
    'node_modules',
    'package-lock.json',
    'package.json',
    'tools',
  ])
  const modules = join(app, 'node_modules')
  for (const name of Object.keys(manifest.dependencies)) expect(existsSync(join(modules, name))).toBe(true)
  for (const name of Object.keys(manifest.devDependencies))
    expect(existsSync(join(modules, name))).toBe(false)
  const files = await readdir(join(app, 'dist'), { recursive: true })
  expect(files.filter((file) => /\.(test|suite)\.|\.ts$/.test(file))).toEqual([])
  expect(existsSync(join(image.root, 'usr/local/bin/npm'))).toBe(false)
})

it('is process 1, not root, on a read-only file system, and writes to its volume alone', async () => {
  const pid = await image.pid()
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  expect(/^NSpid:.*\t(\d+)$/m.exec(status)?.[1]).toBe('1')
  expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).toBe('1000')
  const mounts = await readFile(`/proc/${pid}/mounts`, 'utf8')
  expect(mounts).toMatch(/^\S+ \/ \S+ ro[, ]/m)
  expect(mounts).toMatch(/^\S+ \/var\/lib\/modelgate \S+ rw[, ]/m)
  expect((await stat(join(image.volume, 'data/master.key'))).uid).toBe(1000)
})

it('serves, and its health check says so', async () => {
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect(await image.checkHealth()).toBe(0)
})

it('has its commands by name: a token that the running gateway takes', async () => {
  expect(await image.exec('modelgate', '--version')).toBe(`${manifest.version}\n`)
  const token = (await image.exec('modelgate', 'token', '--team', 'research')).trim()
  const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
  expect(await image.exec('modelgate', 'export')).toMatch(/^\{"format":"modelgate-registry"/)
})

it('lets a stream run to its end on SIGTERM, and ends with 0', async () => {
  const token = /team token\s+(\S+)/.exec(image.output())?.[1] ?? ''
  const words = Array.from({ length: 60 }, (_, index) => `w${index}`).join(' ')
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', stream: true, messages: [{ role: 'user', content: words }] }),
  })
  expect(answer.status).toBe(200)
  process.kill(await image.pid(), 'SIGTERM')
  const text = await answer.text()
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  expect(text).toContain('w59')
  expect(await image.exited).toBe(0)
  expect(await image.checkHealth()).toBe(1)
}, 60_000)
