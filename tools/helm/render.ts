import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import type { Manifest } from '../kubernetes/manifest.ts'
import { findHelm } from './find-helm.ts'

const run = promisify(execFile)

export const chart = fileURLToPath(new URL('../../helm/modelgate', import.meta.url))

/** Runs `helm`; rejects with what it wrote on standard error. */
export async function helm(...args: string[]): Promise<string> {
  const home = join(tmpdir(), 'modelgate-helm-home')
  const { stdout } = await run(await findHelm(), args, {
    timeout: 30_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home },
  })
  return stdout
}

export interface RenderOptions {
  readonly values?: Record<string, unknown>
  readonly chart?: string
  readonly release?: string
}

/** The chart's manifests with these values, as `helm install` would send them. Rejects with Helm's words. */
export async function render({
  values = {},
  chart: at = chart,
  release = 'test',
}: RenderOptions = {}): Promise<Manifest[]> {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-render-'))
  try {
    const file = join(directory, 'values.yaml')
    await writeFile(file, stringify(values))
    const text = await helm('template', release, at, '--namespace', 'gateways', '--values', file)
    return manifestsOf(text)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The example of a sidecar, with the chart as its dependency as `helm dependency update` would put it there. */
export async function renderSidecarExample(values: Record<string, unknown> = {}): Promise<Manifest[]> {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-sidecar-'))
  try {
    await cp(join(chart, 'examples/sidecar'), directory, { recursive: true })
    await mkdir(join(directory, 'charts'))
    await cp(chart, join(directory, 'charts/modelgate'), { recursive: true, dereference: true })
    return await render({ chart: directory, release: 'shop', values })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const manifest = document.toJS() as Manifest | null
    return manifest === null ? [] : [manifest]
  })
}
