import { basename } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { findOrInstall } from '../support/debian-package.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it('finds what is there without installing anything', async () => {
  expect(basename(await findOrInstall({ binaries: ['sh', 'env'], package: 'no-such-package' }))).toBe('sh')
})

it('says what to install where it cannot', async () => {
  vi.stubEnv('PATH', '/nowhere')
  await expect(findOrInstall({ binaries: ['promtool'], package: 'prometheus' })).rejects.toThrow(
    'promtool missing: install the Debian package prometheus',
  )
})
