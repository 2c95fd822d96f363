import { spawnSync } from 'node:child_process'

// Every step runs even where an earlier one failed, so that one run shows all there is to mend.
const steps: Record<string, string[]> = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint'],
  types: ['tsc'],
  tests: ['vitest', 'run', '--project', 'unit', '--project', 'cross-process'],
}

const failed: string[] = []
for (const [name, [command = '', ...args]] of Object.entries(steps)) {
  process.stdout.write(`\n> ${name}\n`)
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) process.stdout.write(`${error.message}\n`)
  if (status !== 0) failed.push(name)
}
process.stdout.write(failed.length > 0 ? `\nfailed: ${failed.join(', ')}\n` : '\nall steps passed\n')
process.exitCode = failed.length > 0 ? 1 : 0
