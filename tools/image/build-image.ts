import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeBaseImage } from './base-image.ts'
import { type Buildah, createBuildah } from './buildah.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const base = 'localhost/node-of-this-machine:1'

export interface BuiltImage {
  readonly buildah: Buildah
  readonly tag: string
}

/** Builds the Dockerfile, every step of it, on a base made from this machine. `directory` is for all that is written. */
export async function buildImage(directory: string): Promise<BuiltImage> {
  const buildah = createBuildah({ directory })
  const rootfs = join(directory, 'base')
  await mkdir(rootfs, { recursive: true })
  await makeBaseImage({ buildah, directory: rootfs, tag: base })
  const tag = 'localhost/modelgate:test'
  // Docker's format: OCI's has no place for HEALTHCHECK.
  const options = ['--format', 'docker', '--pull-never', '--build-arg', `NODE_IMAGE=${base}`]
  await buildah('build', ...options, '--tag', tag, '--file', join(root, 'Dockerfile'), root)
  return { buildah, tag }
}
