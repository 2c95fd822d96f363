import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs buildah and answers what it wrote; rejects with all it said where it fails. */
export type Buildah = (...args: string[]) => Promise<string>

export interface BuildahOptions {
  /** Where images and containers are kept: nothing of the machine's own is touched. */
  readonly directory: string
  readonly timeoutMs?: number
}

/** buildah for a machine without a container engine: no daemon, plain folders for layers, steps run in a chroot. */
export function createBuildah({ directory, timeoutMs = 300_000 }: BuildahOptions): Buildah {
  const storage = [
    '--storage-driver',
    'vfs',
    '--root',
    join(directory, 'storage'),
    '--runroot',
    join(directory, 'run'),
  ]
  return async (...args) => {
    const { stdout } = await run('buildah', [...storage, ...args], {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory, BUILDAH_ISOLATION: 'chroot' },
    })
    return stdout
  }
}
