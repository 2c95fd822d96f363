import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { StoredEntity } from '../../store/contract.ts'
import { issueText } from '../schema/issue-text.ts'
import { recordShapes, type KindedRecord } from './records.ts'

/** The form of what is written. A reader that does not know it leaves the entity alone. */
const FORMAT = 1

/** Why an entity could not be read; the message holds nothing of its values. */
export interface Unreadable {
  readonly message: string
}

/** The id of an entity that is made by the control plane: 24 hexadecimal digits, as those of the file's (design §8). */
export function newEntityId(): string {
  return randomBytes(12).toString('hex')
}

export function encodeRecord({ kind, record }: KindedRecord): StoredEntity {
  return { kind, id: record.id, json: JSON.stringify({ format: FORMAT, record }) }
}

export function decodeRecord({ kind, id, json }: StoredEntity): KindedRecord | Unreadable {
  const value = parse(json)
  if (value?.format !== FORMAT) {
    return { message: value === null ? 'is not JSON' : 'was written by another version of the gateway' }
  }
  const result = recordShapes[kind].safeParse(value.record, { error: issueText, reportInput: false })
  if (!result.success) return { message: firstFault(result.error) }
  if (result.data.id !== id) return { message: 'is kept under the id of another' }
  // The shape is the kind's own.
  return { kind, record: result.data } as KindedRecord
}

function parse(json: string): { format?: unknown; record?: unknown } | null {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function firstFault({ issues: [first] }: z.ZodError): string {
  return first === undefined ? 'is not valid' : `${first.path.map(String).join('.')} ${first.message}`.trim()
}
