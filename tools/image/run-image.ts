import { execFile, spawn } from 'node:child_process'
import { chown, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BuiltImage } from './build-image.ts'

const run = promisify(execFile)

/** The image's configuration as Docker keeps it. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Volumes: Readonly<Record<string, unknown>>
  readonly Labels: Readonly<Record<string, string>>
  readonly StopSignal: string
  readonly Healthcheck: { readonly Test: readonly string[] }
}

export interface RunningImage {
  readonly config: ImageConfig
  /** The image's root file system, as a folder of this machine. */
  readonly root: string
  /** The folder that stands for the volume. */
  readonly volume: string
  /** The number of the entry point's process, seen from outside. */
  pid(): Promise<number>
  output(): string
  /** The exit code of the image's HEALTHCHECK. */
  checkHealth(): Promise<number>
  /** Runs a command in the container, as its user and in its folder; rejects where it fails. Answers its output. */
  exec(...command: string[]): Promise<string>
  exited: Promise<number | null>
  /** Ends it whatever it does; harmless once it has ended. */
  kill(): void
}

/** Binds the volume, makes the rest read-only, and becomes the entry point: process 1 of its own numbering. */
const script = `
set -e
root=$1 volume=$2 at=$3 user=$4; shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$volume" "$root$at"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" /usr/bin/env -i -C "$at" "$@"
`

/** Runs an image as an engine would with `--read-only`, on this machine's network. Needs root. */
export async function runImage(
  { buildah, tag }: BuiltImage,
  { directory, env }: { directory: string; env: Readonly<Record<string, string>> },
): Promise<RunningImage> {
  const inspected = JSON.parse(await buildah('inspect', '--type', 'image', tag)) as {
    Docker: { config: ImageConfig }
  }
  const { config } = inspected.Docker
  const container = (await buildah('from', '--pull-never', tag)).trim()
  const root = (await buildah('mount', container)).trim()
  const volume = join(directory, 'volume')
  await mkdir(volume, { recursive: true })
  const [uid = 0, gid = 0] = config.User.split(':').map(Number)
  await chown(volume, uid, gid)
  const variables = [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  const inside = [root, volume, config.WorkingDir, config.User, ...variables]
  const command = ['sh', '-c', script, 'sh', ...inside, ...config.Entrypoint, ...config.Cmd]
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const pid = async () => {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    return Number(children.trim().split(' ')[0])
  }
  return {
    config,
    root,
    volume,
    pid,
    output: () => text,
    checkHealth: () => checkHealth(root, config, variables),
    exec: async (...command) => {
      const user = [`--setuid=${uid}`, `--setgid=${gid}`]
      const enter = [`--target=${await pid()}`, '--mount', '--pid', '--root', ...user]
      const args = [...enter, '/usr/bin/env', '-i', '-C', config.WorkingDir, ...variables, ...command]
      return (await run('nsenter', args, { timeout: 20_000 })).stdout
    },
    exited,
    kill: () => child.kill('SIGKILL'),
  }
}

async function checkHealth(root: string, { User, Healthcheck }: ImageConfig, variables: readonly string[]) {
  const [kind, ...command] = Healthcheck.Test
  if (kind !== 'CMD') throw new Error(`a health check by ${kind}`)
  const args = [`--userspec=${User}`, root, '/usr/bin/env', '-i', ...variables, ...command]
  return run('chroot', args, { timeout: 10_000 }).then(
    () => 0,
    ({ code }: { code: number }) => code,
  )
}
