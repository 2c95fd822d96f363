export type JsonObject = Record<string, unknown>

/** The value where it is a JSON object (no array, not null), else null. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** A string with something in it, else null. */
export function asText(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

/** The string itself, or `''` for anything else. */
export function stringIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Beyond any real answer: what a provider states above it is no count, and would stay in a counter for ever. */
const largestCount = 1e12

/** A count as providers write it: a number from 0, rounded down; null for anything else. */
export function asCount(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= largestCount ? Math.floor(value) : null
}

/** Total: undefined for what is no JSON. A byte order mark before it is allowed. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

/** The JSON object that a text or a body holds, else null. Total. */
export function parseObject(text: string | Uint8Array): JsonObject | null {
  return asObject(parseJson(typeof text === 'string' ? text : decode(text)))
}

/** Without a copy of the bytes. */
function decode(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength)).toString('utf8')
}
