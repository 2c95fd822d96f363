const maxDepth = 16
const tokens =
  /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * The texts of a small XML document by the path of their elements (`ErrorResponse/Error/Code`), entities decoded.
 * Knows elements, attributes (passed over) and text, which is all that STS writes; null for anything else: document
 * types, CDATA, comments, unknown entities, tags that do not match, the same path twice.
 */
export function readXmlTexts(document: string): ReadonlyMap<string, string> | null {
  const body = document.replace(/^\uFEFF?\s*(<\?xml[^?<>]*\?>)?\s*/, '').trimEnd()
  const texts = new Map<string, string>()
  const open: string[] = []
  const token = new RegExp(tokens)
  let text = ''
  for (let at = 0; at < body.length; at = token.lastIndex) {
    token.lastIndex = at
    const [, closes, name, , empty, characters] = token.exec(body) ?? []
    const isOutside = open.length === 0 && at > 0
    if (isOutside) return null
    if (characters !== undefined) {
      text += characters
    } else if (name === undefined || open.length >= maxDepth) {
      return null
    } else if (closes === '/') {
      const path = open.join('/')
      const value = decodeEntities(text)
      if (open.pop() !== name || value === null) return null
      if (value.trim() !== '') {
        if (texts.has(path)) return null
        texts.set(path, value.trim())
      }
      text = ''
    } else {
      if (text.trim() !== '') return null
      text = ''
      if (empty === '') open.push(name)
    }
  }
  return open.length === 0 && texts.size > 0 ? texts : null
}

function decodeEntities(text: string): string | null {
  let isKnown = true
  const decoded = text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const value = whole.endsWith(';') ? (entities[name] ?? decodeNumber(name)) : undefined
    if (value === undefined) isKnown = false
    return value ?? whole
  })
  return isKnown ? decoded : null
}

/** `#10` or `#xA`; surrogates, and numbers that are no character, are refused. */
function decodeNumber(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-fA-F]+)|(\d+))$/.exec(name)
  const code =
    digits === null ? Number.NaN : digits[1] === undefined ? Number(digits[2]) : parseInt(digits[1], 16)
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}
