import type { z } from '@hono/zod-openapi'
import type { FaultCode } from '../registry/schema/entity-fault.ts'
import { fieldLabel, issueText } from '../registry/schema/issue-text.ts'
import { AdminRefusal, type RefusalCode } from './refusal.ts'

/** Templates and overrides hold values of any shape; none that is meant is nested deeper. */
const MAX_DEPTH = 64

/** The members of a query string; one that is given twice is refused by the schemas, which take no lists. */
export function readQuery(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
}

/** Templates and batches of models are the largest; a thousand models are some 300 KB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** Throws AdminRefusal `invalid_json`, `unsupported_media_type`, `request_too_large`. */
export async function readJson(
  request: Request,
  { bodyOptional = false }: { bodyOptional?: boolean | undefined },
): Promise<unknown> {
  const text = await readBounded(request)
  if (text.trim() === '') {
    if (bodyOptional) return {}
    throw new AdminRefusal('invalid_json', 'A body of JSON is required.')
  }
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type !== 'application/json' && !type.endsWith('+json')) {
    throw new AdminRefusal('unsupported_media_type', 'The body must be sent as application/json.')
  }
  return parseJson(text)
}

async function readBounded({ body }: Request): Promise<string> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY_BYTES)
      throw new AdminRefusal('request_too_large', `The body is over ${MAX_BODY_BYTES} bytes.`, {
        // What is left of it is not read: a client must not send its next request after it.
        headers: { connection: 'close' },
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new AdminRefusal('invalid_json', 'The body is not valid JSON.')
  }
  const fault = bodyFault(value, MAX_DEPTH)
  if (fault !== null) throw refusalOfBody(fault)
  return value
}

interface BodyFault {
  readonly kind: 'depth' | 'prototype' | 'text'
  readonly path: readonly PropertyKey[]
}

/**
 * What schemas would let by and nothing that is meant has: too many levels; a member that names the prototype, which maps
 * of free names leave out without a word; halves of surrogate pairs, which have no encoding, in a URL least of all.
 */
function bodyFault(value: unknown, levels: number): BodyFault | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : { kind: 'text', path: [] }
  if (typeof value !== 'object' || value === null) return null
  if (levels === 0) return { kind: 'depth', path: [] }
  const isList = Array.isArray(value)
  for (const [name, member] of Object.entries(value)) {
    const fault = nameFault(name) ?? bodyFault(member, levels - 1)
    if (fault !== null) return { ...fault, path: [isList ? Number(name) : shortened(name), ...fault.path] }
  }
  return null
}

function nameFault(name: string): BodyFault | null {
  if (name === '__proto__') return { kind: 'prototype', path: [] }
  return name.isWellFormed() ? null : { kind: 'text', path: [] }
}

function refusalOfBody({ kind, path }: BodyFault): AdminRefusal {
  const field = pathText(path)
  if (kind === 'depth')
    return new AdminRefusal('invalid_json', `The body is nested deeper than ${MAX_DEPTH} levels.`)
  if (kind === 'prototype')
    return new AdminRefusal('unknown_field', 'There is no field "__proto__".', { field })
  return new AdminRefusal('invalid_json', 'The body holds half of a surrogate pair.', { field })
}

/** What a schema makes of a value. Throws AdminRefusal for the first fault, which names its field and never the value. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: issueText, reportInput: false })
  if (result.success) return result.data
  const [first] = result.error.issues
  throw first === undefined
    ? new AdminRefusal('invalid_field', 'The request is not valid.')
    : refusalOf(first)
}

function refusalOf(issue: z.core.$ZodIssue): AdminRefusal {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const shown = shortened(key)
    return new AdminRefusal('unknown_field', `There is no field ${JSON.stringify(shown)}.`, {
      field: pathText([...issue.path, shown]),
    })
  }
  const field = issue.path.length === 0 ? undefined : pathText(issue.path)
  if (issue.code === 'custom' && issue.params !== undefined) {
    return new AdminRefusal(codeOf(issue.params['code'] as FaultCode), issue.message, { field })
  }
  const label = issue.path.length === 0 ? 'The body' : fieldLabel(issue.path)
  return new AdminRefusal('invalid_field', `${label} ${issue.message}`, { field })
}

function shortened(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name
}

/** The code under which a broken rule between fields is answered. */
export function codeOf(code: FaultCode): RefusalCode {
  return code === 'invalid' ? 'invalid_field' : code
}

/** `connections[0].weight` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}
