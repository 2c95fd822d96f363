import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** What secrets are sealed under. The key object prints as nothing of the key. */
export interface MasterKey {
  readonly id: string
  readonly key: KeyObject
}

/** In `data_dir`: the master key of embedded mode where the environment has none. */
export const masterKeyFile = 'master.key'

const KEY_BYTES = 32
/** The id of a key that is given without one: such a key can later be listed beside a new one as `default:…`. */
const DEFAULT_ID = 'default'
const FORM = 'must be 32 bytes in base64, or several as id:base64,id:base64 with the active one first'

/**
 * Reads `MODELGATE_MASTER_KEY` (design §8): `base64`, or `id:base64,id:base64`. The first seals, all open, so that a
 * new key is put in front and the old ones stay until nothing is sealed under them. Throws an Error that says what is
 * wrong, as a predicate, and holds nothing of the keys.
 */
export function parseMasterKeys(text: string): readonly [MasterKey, ...MasterKey[]] {
  const [first, ...others] = text.split(',').map(parseOne)
  if (first === undefined) throw new Error(FORM)
  const keys: [MasterKey, ...MasterKey[]] = [first, ...others]
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error('must not use an id twice')
  return keys
}

function parseOne(text: string): MasterKey {
  const [encoded = '', id = DEFAULT_ID, ...rest] = text.trim().split(':').toReversed()
  if (rest.length > 0 || !/^[\w.-]{1,64}$/.test(id)) throw new Error(FORM)
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer.from skips what is no base64: only what comes out as it went in was meant as it was read.
  const unpadded = encoded.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
  const isExact = bytes.toString('base64').replace(/=+$/, '') === unpadded
  if (!isExact || bytes.length !== KEY_BYTES) throw new Error(FORM)
  return { id, key: createSecretKey(bytes) }
}

/**
 * The master key of embedded mode: `data_dir/master.key`, made with mode 0600 where there is none. Of processes that
 * make it at the same time all take the first. Throws an Error where the file cannot be read, made or understood.
 */
export function loadMasterKeys({ dataDir }: { dataDir: string }): readonly [MasterKey, ...MasterKey[]] {
  const path = join(dataDir, masterKeyFile)
  const text = readIfThere(path) ?? makeFile(dataDir, path)
  try {
    return parseMasterKeys(text.trim())
  } catch (error) {
    throw new Error(`${path} ${error instanceof Error ? error.message : ''}`, { cause: error })
  }
}

/** Written whole beside its place and then linked there, which fails where another process was first. */
function makeFile(dataDir: string, path: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`
  const file = openSync(unfinished, 'wx', 0o600)
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
    fsyncSync(file)
    linkSync(unfinished, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    closeSync(file)
    rmSync(unfinished, { force: true })
  }
  return readFileSync(path, 'utf8')
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
