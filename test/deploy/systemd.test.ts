import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { configOf } from '../../src/config/testing/load-text.ts'
import { findOrInstall } from '../support/debian-package.ts'

const run = promisify(execFile)
const unit = new URL('../../deploy/systemd/modelgate.service', import.meta.url)

let text: string
beforeAll(async () => {
  text = await readFile(unit, 'utf8')
  await findOrInstall({ binaries: ['systemd-analyze'], package: 'systemd' })
}, 120_000)

/** What systemd-analyze has to say of a unit: nothing where it is good. */
async function complaints(of: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-unit-'))
  try {
    const file = join(directory, 'modelgate.service')
    // The program is not installed here; that it cannot be found is no fault of the unit's.
    await writeFile(file, of.replaceAll('/usr/local/bin/modelgate', process.execPath))
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', file], { timeout: 20_000 })
    return stderr
  } catch (error) {
    return (error as { stderr: string }).stderr
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

it('is a unit that systemd takes whole', async () => {
  expect(await complaints(text)).toBe('')
})

it.each([
  ['a directive that is misspelt', 'ProtectSystem=strict', 'ProtectSystm=strict'],
  ['a value that is none', 'TimeoutStopSec=635s', 'TimeoutStopSec=soon'],
  ['a program that is not there', 'ExecStart=/usr/local/bin/modelgate', 'ExecStart=/nowhere/modelgate'],
])('and would not take %s', async (_, good, planted) => {
  expect(text).toContain(good)
  expect(await complaints(text.replace(good, planted))).not.toBe('')
})

it('exposes little, as systemd itself counts it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-unit-'))
  try {
    const file = join(directory, 'modelgate.service')
    await writeFile(file, text)
    const args = ['security', '--offline=true', '--no-pager', '--threshold=20', file]
    // More than 2.0 of 10 would be an exit code of 1.
    await expect(run('systemd-analyze', args, { timeout: 20_000 })).resolves.toBeDefined()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

it('waits for the longest drain it names, and for the usual one', async () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)s$/m.exec(text)?.[1])
  expect(seconds).toBeGreaterThanOrEqual(5 + 600 + 10)
  const { drain } = await configOf('models: []')
  expect(seconds).toBeGreaterThan(drain.grace_seconds + drain.timeout_seconds)
})

it('keeps its state where the default configuration puts it', () => {
  expect(text).toMatch(/^StateDirectory=modelgate$/m)
  expect(text).toMatch(/^WorkingDirectory=\/var\/lib\/modelgate$/m)
})

it('lets the gateway drain: SIGTERM to the first process alone, and what is left is killed when the time is over', () => {
  expect(text).toMatch(/^KillMode=mixed$/m)
  expect(text).toMatch(/^KillSignal=SIGTERM$/m)
  expect(text).toMatch(/^Restart=on-failure$/m)
})

it('checks the configuration before it starts, and has it read again on reload', () => {
  expect(text).toMatch(/^ExecStartPre=\/usr\/local\/bin\/modelgate check-config$/m)
  expect(text).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
})
