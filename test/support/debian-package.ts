import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PackageOptions {
  /** What must be on the PATH, all of them. */
  readonly binaries: readonly string[]
  /** The Debian package that brings them. */
  readonly package: string
  /** How long another's installation and our own may take together. */
  readonly timeoutMs?: number
}

/** Services that come with a package are for machines, not for tests: they are not started, nor left to start. */
const install = `
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod +x "$policy"
fi
get() { apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=60 "$1"; }
get "$1" || { apt-get update && get "$1"; }
`

/**
 * The path of the first of some programs; installs their Debian package where one of them is missing. One installation
 * at a time, however many test files ask. Throws, naming the package to install, where that cannot be done from here.
 */
export async function findOrInstall({
  binaries,
  package: name,
  timeoutMs = 240_000,
}: PackageOptions): Promise<string> {
  const missing = async () => {
    const found = await Promise.all(binaries.map(onPath))
    return { first: found[0] ?? null, names: binaries.filter((_, index) => found[index] === null) }
  }
  const before = await missing()
  if (before.first !== null && before.names.length === 0) return before.first
  const lacking = `${before.names.join(', ')} missing: install the Debian package ${name}`
  if (process.getuid?.() !== 0 || (await onPath('apt-get')) === null) throw new Error(lacking)
  const lock = join(tmpdir(), 'modelgate-test-apt.lock')
  const wait = String(Math.ceil(timeoutMs / 1000))
  await run('flock', ['--wait', wait, lock, 'sh', '-c', install, 'install', name], {
    timeout: timeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: unknown) => {
    throw new Error(`${lacking} (apt-get could not do it)`, { cause: error })
  })
  const after = await missing()
  if (after.first === null || after.names.length > 0) {
    throw new Error(`the Debian package ${name} brought no ${after.names.join(', ')}`)
  }
  return after.first
}

async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (folder !== '' && isThere) return path
  }
  return null
}
