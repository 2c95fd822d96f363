import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { entityKinds, type StoredEntity } from '../../store/contract.ts'
import { ROOT_KEY } from '../root-key.ts'
import type { Vault } from '../vault.ts'

// A registry as a file, so that it can be moved between stores (docs/commands.md). JSON lines: a header; an entity a
// line, as it is kept, its secrets sealed; an end, with an HMAC over all before it under a key derived from the
// registry's root key, since what is no secret (a base URL, for one) is not sealed and says where secrets go.

export const TRANSFER_FORMAT = 'modelgate-registry'
/** Of a file: several times the largest registry that is meant to be. */
export const maxTransferBytes = 256 * 1024 * 1024
const VERSION = 1
const LINE_FEED = 0x0a

const headShape = z.strictObject({
  format: z.literal(TRANSFER_FORMAT),
  version: z.literal(VERSION),
  /** ISO 8601. */
  exported_at: z.string(),
  registry: z.strictObject({
    epoch: z.string(),
    revision: z.int(),
    /** The newest entry of its audit trail, which is not in the file. */
    audit: z.strictObject({ sequence: z.int(), hmac: z.string() }).nullable(),
  }),
  /** Base64 of the vault's, by name: the root key, and what else the store keeps sealed beside the registry. */
  sealed: z.record(z.string(), z.base64()),
})
const entityShape = z.strictObject({ kind: z.enum(entityKinds), id: z.string(), json: z.string() })
const endShape = z.strictObject({ entities: z.int(), hmac: z.string() })

export type TransferHead = Readonly<z.output<typeof headShape>>

/** What a file holds, once it is known to be whole and as it was written. */
export interface Transfer {
  readonly head: TransferHead
  /** The root key of the registry that it was made from. */
  readonly root: Uint8Array
  readonly entities: readonly StoredEntity[]
}

export interface TransferLinesOptions {
  readonly head: Omit<TransferHead, 'format' | 'version'>
  readonly entities: Iterable<StoredEntity>
  readonly root: Uint8Array
}

/** The file, line by line with their line feeds. */
export function* transferLines({ head, entities, root }: TransferLinesOptions): Generator<string> {
  const hmac = createHmac('sha256', fileKey(root))
  const seen = (value: unknown) => {
    const line = `${JSON.stringify(value)}\n`
    hmac.update(line)
    return line
  }
  yield seen({ format: TRANSFER_FORMAT, version: VERSION, ...head })
  let count = 0
  for (const { kind, id, json } of entities) {
    yield seen({ kind, id, json })
    count += 1
  }
  yield `${JSON.stringify({ entities: count, hmac: hmac.digest('hex') })}\n`
}

/**
 * Reads such a file. Throws an Error, in words for an operator and with nothing of the file's values, where it is not
 * one, not whole, or not as it was written; VaultError where the master key that it needs is not among the vault's.
 */
export function readTransfer({ bytes, vault }: { bytes: Buffer; vault: Vault }): Transfer {
  const ends = lineEnds(bytes)
  const headEnd = ends[0]
  const endStart = ends.at(-2)
  if (headEnd === undefined) throw notOurs()
  const head = readHead(bytes.toString('utf8', 0, headEnd))
  const sealedRoot = head.sealed[ROOT_KEY]
  if (sealedRoot === undefined) throw notOurs()
  const root = vault.open(ROOT_KEY, Buffer.from(sealedRoot, 'base64'))
  const end = endStart === undefined ? null : endOf(bytes.toString('utf8', endStart))
  if (endStart === undefined || end === null) throw new Error('The file is not whole: its end is missing.')
  const hmac = createHmac('sha256', fileKey(root)).update(bytes.subarray(0, endStart)).digest()
  const claimed = Buffer.from(end.hmac, 'hex')
  if (claimed.length !== hmac.length || !timingSafeEqual(claimed, hmac)) {
    throw new Error('The file was changed after it was written, or parts of it are missing.')
  }
  const entities = ends.slice(1, -1).map((to, index): StoredEntity => {
    const line = bytes.toString('utf8', ends[index], to)
    const { success, data } = entityShape.safeParse(parse(line))
    if (!success) throw new Error(`Line ${index + 2} of the file is no entity.`)
    return data
  })
  return { head, root, entities }
}

/** Of every line the place after its line feed. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) ends.push(at + 1)
  return ends
}

function readHead(line: string): TransferHead {
  const value = parse(line)
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown }
  if (format !== TRANSFER_FORMAT) throw notOurs()
  if (version !== VERSION) {
    throw new Error(`The file was written by another version (format ${String(version)}, known: ${VERSION}).`)
  }
  const { success, data } = headShape.safeParse(value)
  if (!success) throw notOurs()
  return data
}

function endOf(line: string): z.output<typeof endShape> | null {
  return endShape.safeParse(parse(line)).data ?? null
}

function notOurs(): Error {
  return new Error('The file is none that `modelgate export` has written.')
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** RFC 5869. */
function fileKey(root: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', 'modelgate\0root\0transfer', 32))
}
