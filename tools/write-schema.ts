import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configJsonSchema } from '../src/config/json-schema.ts'

// Run it after a change to the configuration's schema; a test fails while the committed file is stale.
const path = fileURLToPath(new URL('../config/modelgate.schema.json', import.meta.url))
writeFileSync(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
const { status } = spawnSync('oxfmt', [path], { stdio: 'inherit', shell: process.platform === 'win32' })
process.exitCode = status ?? 1
