import { createSecretKey, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { loadMasterKeys, masterKeyFile, type MasterKey } from './master-key.ts'

type MasterKeys = readonly [MasterKey, ...MasterKey[]]

const KEY_BYTES = 32

/**
 * Puts a new key in front of the one in `data_dir/master.key`, which stays beside it until `dropOldKeys`: whatever
 * breaks in between, the file opens all there is. Where that has been done and not ended, answers what stands there.
 * For whoever holds the store alone: a process that has read the file before knows nothing of the new key. Throws an
 * Error where the file cannot be read or written.
 */
export function addNewKey({ dataDir }: { dataDir: string }): MasterKeys {
  const keys = loadMasterKeys({ dataDir })
  if (keys.length > 1) return keys
  const id = `generated-${randomBytes(4).toString('hex')}`
  const next: MasterKeys = [{ id, key: createSecretKey(randomBytes(KEY_BYTES)) }, ...keys]
  write(dataDir, next)
  return next
}

/** Leaves the first alone in the file, once nothing is sealed under the others. */
export function dropOldKeys({ dataDir, keys: [first] }: { dataDir: string; keys: MasterKeys }): void {
  write(dataDir, [first])
}

/** In the place of the former file once it is whole on the disk. */
function write(dataDir: string, keys: MasterKeys): void {
  const path = join(dataDir, masterKeyFile)
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`
  const text = keys.map(({ id, key }) => `${id}:${key.export().toString('base64')}`).join(',')
  try {
    const file = openSync(unfinished, 'wx', 0o600)
    try {
      writeSync(file, `${text}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  const folder = openSync(dataDir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
