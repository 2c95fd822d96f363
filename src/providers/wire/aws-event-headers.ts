/** Bytes of a value by its type; -1: a 16-bit length stands before it. Types 0 and 1 are true and false themselves. */
const valueBytes = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]
const stringType = 7

/**
 * The headers of one event stream frame: name length (1 byte), name, type (1 byte), value. Only strings are kept,
 * since every header that says what a frame is (`:message-type`, `:event-type`, …) is one. null: not readable.
 */
export function readEventHeaders(bytes: Buffer): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    const type = bytes[nameEnd]
    const fixed = type === undefined ? undefined : valueBytes[type]
    if (fixed === undefined || nameEnd === at + 1) return null
    const valueAt = nameEnd + 1 + (fixed < 0 ? 2 : 0)
    if (valueAt > bytes.length) return null
    const valueEnd = valueAt + (fixed < 0 ? bytes.readUInt16BE(nameEnd + 1) : fixed)
    if (valueEnd > bytes.length) return null
    if (type === stringType) {
      headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', valueAt, valueEnd))
    }
    at = valueEnd
  }
  return headers
}
