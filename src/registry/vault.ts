import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import type { MasterKey } from './master-key.ts'

/** Why something sealed could not be opened. */
export type VaultFailure = 'unknown_key' | 'wrong_key' | 'damaged'

export class VaultError extends Error {
  readonly failure: VaultFailure

  constructor(failure: VaultFailure, message: string) {
    super(message)
    this.name = 'VaultError'
    this.failure = failure
  }
}

/** Seals secrets before they reach any store (design §8). */
export interface Vault {
  /** Encrypts for one entity: what is sealed for another does not open. */
  seal(entityId: string, plaintext: Uint8Array): Uint8Array
  /** Throws VaultError; where the master key is not the one it was sealed under, the message says so. */
  open(entityId: string, sealed: Uint8Array): Uint8Array
  /**
   * The same secret under the first master key, without opening it; null where that is what it is sealed under. Throws
   * VaultError.
   */
  rewrap(entityId: string, sealed: Uint8Array): Uint8Array | null
}

// A sealed value: a header (version, key check, length of the key's id, the id), then two AES-256-GCM boxes: the data
// key under the master key, the secret under the data key. A box is its nonce, the ciphertext and the tag. Only the
// first is bound to the header, so that another master key changes nothing but the two.
const VERSION = 1
const CHECK_BYTES = 8
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const BOX_BYTES = NONCE_BYTES + TAG_BYTES
const CIPHER = 'aes-256-gcm'

export interface VaultOptions {
  /** The first seals, all open. */
  keys: readonly [MasterKey, ...MasterKey[]]
}

export function createVault({ keys }: VaultOptions): Vault {
  const [first, ...others] = keys.map(({ id, key }) => ({ id, key, header: headerOf({ id, key }) }))
  if (first === undefined) throw new Error('a vault needs a master key')
  const byId = new Map([first, ...others].map((master) => [master.id, master]))

  /** Which master key a value says it was sealed under; throws VaultError unless that is one of ours. */
  function masterOf(sealed: Buffer) {
    const idStart = CHECK_BYTES + 2
    const id = sealed.toString('utf8', idStart, idStart + (sealed[idStart - 1] ?? 0))
    if (sealed[0] !== VERSION) throw new VaultError('damaged', 'The sealed value is damaged.')
    const shown = JSON.stringify(id)
    const master = byId.get(id)
    if (master === undefined) {
      throw new VaultError('unknown_key', `Sealed under the master key ${shown}, which is not configured.`)
    }
    if (!sealed.subarray(0, master.header.length).equals(master.header)) {
      throw new VaultError('wrong_key', `The master key ${shown} is not the one this was sealed under.`)
    }
    return master
  }

  function unwrap(entityId: string, sealed: Uint8Array) {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const master = masterOf(bytes)
    const boxStart = master.header.length + KEY_BYTES + BOX_BYTES
    const wrapped = bytes.subarray(master.header.length, boxStart)
    const dataKey = decrypt(master.key, wrapped, boundKey(entityId, master.header))
    return { master, dataKey, box: bytes.subarray(boxStart) }
  }

  const wrap = (entityId: string, dataKey: Uint8Array) =>
    Buffer.concat([first.header, encrypt(first.key, dataKey, boundKey(entityId, first.header))])

  return {
    seal(entityId, plaintext) {
      const dataKey = randomBytes(KEY_BYTES)
      const box = encrypt(createSecretKey(dataKey), plaintext, boundSecret(entityId))
      return Buffer.concat([wrap(entityId, dataKey), box])
    },
    open(entityId, sealed) {
      const { dataKey, box } = unwrap(entityId, sealed)
      return decrypt(createSecretKey(dataKey), box, boundSecret(entityId))
    },
    rewrap(entityId, sealed) {
      const { master, dataKey, box } = unwrap(entityId, sealed)
      return master === first ? null : Buffer.concat([wrap(entityId, dataKey), box])
    },
  }
}

/** With a few bytes that only this key derives, so that a wrong key can be told from damage. */
function headerOf({ id, key }: MasterKey): Buffer {
  const idBytes = Buffer.from(id)
  return Buffer.concat([
    Buffer.of(VERSION),
    derive(key, 'check', CHECK_BYTES),
    Buffer.of(idBytes.length),
    idBytes,
  ])
}

/** RFC 5869. */
function derive(key: KeyObject, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `modelgate\0${purpose}`, bytes))
}

/** Associated data: a box is good for one entity, one place in the value and, where it holds the key, one header. */
function boundKey(entityId: string, header: Buffer): Buffer {
  return Buffer.concat([header, Buffer.from(`key\0${entityId}`)])
}

function boundSecret(entityId: string): Buffer {
  return Buffer.from(`secret\0${VERSION}\0${entityId}`)
}

function encrypt(key: KeyObject, plaintext: Uint8Array, associated: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: KeyObject, box: Buffer, associated: Buffer): Buffer {
  try {
    const nonce = box.subarray(0, NONCE_BYTES)
    const tag = box.subarray(-TAG_BYTES)
    const cipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associated).setAuthTag(tag)
    return Buffer.concat([cipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()])
  } catch {
    throw new VaultError('damaged', 'The sealed value is damaged, or was sealed for something else.')
  }
}
