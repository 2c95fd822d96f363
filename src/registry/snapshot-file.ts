import { randomUUID, type KeyObject } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { entityKinds, type StoredEntity } from '../store/contract.ts'
import type { Declaration } from './declared-true.ts'
import { encodeRecord } from './stored/codec.ts'
import { emptyState, type StoredState } from './stored/state.ts'
import { type Vault, VaultError } from './vault.ts'

/** What a replica needs to serve without the store. */
export interface SavedRegistry {
  readonly state: StoredState
  readonly root: Uint8Array
  readonly declaration: Declaration | null
  /** Wall clock, ms. */
  readonly savedAt: number
}

export type ToSave = Omit<SavedRegistry, 'root'> & { readonly root: KeyObject }

/** The sealed copy of the registry that a replica keeps beside itself, for a start while the store is down. */
export interface SnapshotFile {
  /** null: there is none. Rejects with an Error where it cannot be read, opened or understood. */
  read(): Promise<SavedRegistry | null>
  /** In the place of the former one, once it is whole on the disk. */
  write(saved: ToSave): Promise<void>
}

export interface SnapshotFileOptions {
  readonly dataDir: string
  readonly vault: Vault
  /** Neither read nor written beyond this, bytes. */
  readonly maxBytes?: number
}

const FILE = 'registry.snapshot'
/** For which the vault seals each frame. */
const SEALED_FOR = 'snapshot-file'
const FORMAT = 1
/** Small enough to be made between two requests, characters. */
const FRAME_CHARACTERS = 32 * 1024
const LENGTH_BYTES = 4
const MAX_BYTES = 512 * 1024 * 1024

// The file: frames, each its length (32 bits, big-endian) and a sealed value: lines of JSON. The first line says which
// file it is of and which frame; the others are entities. The first frame holds what is known besides.
const frameHead = z.strictObject({ file: z.string(), frame: z.int(), last: z.boolean() })
const fileHead = z.strictObject({
  format: z.literal(FORMAT),
  epoch: z.string(),
  revision: z.int(),
  root: z.string(),
  declaration: z.strictObject({ id: z.string(), epoch: z.string() }).nullable(),
  saved_at: z.number(),
})
const entityLine = z.tuple([z.enum(entityKinds), z.string(), z.string()])

export function createSnapshotFile({
  dataDir,
  vault,
  maxBytes = MAX_BYTES,
}: SnapshotFileOptions): SnapshotFile {
  const path = join(dataDir, FILE)
  return {
    async read() {
      const bytes = await readBounded(path, maxBytes)
      return bytes === null ? null : readSaved(bytes, vault)
    },
    async write(saved) {
      await mkdir(dataDir, { recursive: true, mode: 0o700 })
      const unfinished = `${path}.${process.pid}`
      try {
        await writeWhole(unfinished, sealedFrames(saved, vault), maxBytes)
        await rename(unfinished, path)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
      await syncFolder(dirname(path))
    },
  }
}

/** One frame at a time: between two the process has other things to do. */
function* sealedFrames({ state, root, declaration, savedAt }: ToSave, vault: Vault): Generator<Uint8Array> {
  const { epoch, revision } = state.position
  const head = {
    format: FORMAT,
    epoch,
    revision,
    root: root.export().toString('base64'),
    declaration,
    saved_at: savedAt,
  }
  const file = randomUUID()
  let frame = 0
  const sealed = (lines: readonly string[], last: boolean) => {
    const text = [JSON.stringify({ file, frame, last }), ...lines].join('\n')
    frame += 1
    return vault.seal(SEALED_FOR, Buffer.from(text))
  }
  let lines = [JSON.stringify(head)]
  let characters = 0
  for (const { kind, id, json } of entitiesOf(state)) {
    const line = JSON.stringify([kind, id, json])
    lines.push(line)
    characters += line.length
    if (characters < FRAME_CHARACTERS) continue
    yield sealed(lines, false)
    lines = []
    characters = 0
  }
  yield sealed(lines, true)
}

function* entitiesOf(state: StoredState): Generator<StoredEntity> {
  for (const record of state.credentials.values()) yield encodeRecord({ kind: 'credential', record })
  for (const record of state.models.values()) yield encodeRecord({ kind: 'model', record })
  for (const record of state.connections.values()) yield encodeRecord({ kind: 'connection', record })
  for (const record of state.teams.values()) yield encodeRecord({ kind: 'team', record })
  for (const record of state.keys.values()) yield encodeRecord({ kind: 'key', record })
  for (const record of state.routes.values()) yield encodeRecord({ kind: 'route', record })
  for (const { entity } of state.unreadable.values()) yield entity
}

async function writeWhole(path: string, frames: Iterable<Uint8Array>, maxBytes: number): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    let written = 0
    for (const frame of frames) {
      written += LENGTH_BYTES + frame.length
      if (written > maxBytes) throw new Error(`the snapshot would be larger than ${maxBytes} bytes`)
      await writeFrame(handle, frame)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeFrame(handle: FileHandle, frame: Uint8Array): Promise<void> {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(frame.length)
  await handle.writeFile(Buffer.concat([length, frame]))
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer | null> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new Error(`the snapshot is larger than ${maxBytes} bytes`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Throws an Error that holds nothing of what it read. */
function readSaved(bytes: Buffer, vault: Vault): SavedRegistry {
  const lines = framesOf(bytes).map((sealed) =>
    Buffer.from(vault.open(SEALED_FOR, sealed)).toString().split('\n'),
  )
  const heads = lines.map(([first = '']) => parsed(frameHead, first))
  const isWhole = heads.every(
    ({ file, frame, last }, index) =>
      file === heads[0]?.file && frame === index && last === (index === heads.length - 1),
  )
  if (heads.length === 0 || !isWhole) throw new Error('the snapshot is not whole')
  const [first = '', ...others] = lines.flatMap(([, ...rest]) => rest)
  const head = parsed(fileHead, first)
  const entities = others.map((line): StoredEntity => {
    const [kind, id, json] = parsed(entityLine, line)
    return { kind, id, json }
  })
  const position = { epoch: head.epoch, revision: head.revision }
  return {
    state: emptyState.apply({ position, whole: true, entities, deleted: [] }),
    root: Buffer.from(head.root, 'base64'),
    declaration: head.declaration,
    savedAt: head.saved_at,
  }
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (offset + LENGTH_BYTES > bytes.length) throw new Error('the snapshot is not whole')
    const start = offset + LENGTH_BYTES
    offset = start + bytes.readUInt32BE(offset)
    if (offset > bytes.length) throw new Error('the snapshot is not whole')
    frames.push(bytes.subarray(start, offset))
  }
  return frames
}

function parsed<Shape extends z.ZodType>(shape: Shape, line: string): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(line))
  } catch {
    throw new VaultError('damaged', 'The snapshot is not one that this version can read.')
  }
}
