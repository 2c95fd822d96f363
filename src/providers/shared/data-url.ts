import { invalid } from './refusals.ts'

/** Bytes within a request: what they are, and themselves in plain base64 (standard alphabet, padded). */
export interface InlineData {
  readonly mediaType: string
  readonly base64: string
}

/** `data:` and everything before the comma; real ones stay far below. */
const longestHead = 256
const defaultMaxBytes = 32 * 1024 * 1024

export function isDataUrl(url: string): boolean {
  return url.slice(0, 5).toLowerCase() === 'data:'
}

/**
 * Reads a data URL (RFC 2397), base64 or percent-encoded. `mediaType` is lower-case and without parameters.
 * Throws 400 `invalid_request` naming `param` for what is none, and over `maxBytes` decoded.
 */
export function parseDataUrl(url: string, param: string, { maxBytes = defaultMaxBytes } = {}): InlineData {
  const head = url.slice(0, longestHead)
  const comma = head.indexOf(',')
  if (!isDataUrl(url) || comma < 0) throw invalid(param, `\`${param}\` is not a data URL.`)
  const [mediaType = '', ...parameters] = head.slice(5, comma).toLowerCase().split(';')
  const payload = url.slice(comma + 1)
  const base64 = parameters.some((parameter) => parameter.trim() === 'base64')
    ? readBase64(payload, param)
    : percentDecoded(payload, param)
  if (decodedLength(base64) > maxBytes) throw invalid(param, `\`${param}\` is larger than ${maxBytes} bytes.`)
  return { mediaType: mediaType.trim() || 'text/plain', base64 }
}

const notPlain = /[^A-Za-z0-9+/]/

/**
 * Any base64 (white space, URL-safe letters, padding or none) as plain base64. Throws 400 `invalid_request` for what
 * is none, the empty string included.
 */
export function readBase64(text: string, param: string): string {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const letters = text.slice(0, text.length - padding)
  const isPlain = text.length % 4 === 0 && !notPlain.test(letters)
  const plain = isPlain
    ? letters
    : letters
        .replaceAll(/[\s=]+/g, '')
        .replaceAll('-', '+')
        .replaceAll('_', '/')
  if (plain === '' || plain.length % 4 === 1 || (!isPlain && notPlain.test(plain))) {
    throw invalid(param, `\`${param}\` is not valid base64.`)
  }
  return isPlain ? text : plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

/** Bytes that plain base64 stands for. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}

function percentDecoded(payload: string, param: string): string {
  try {
    return Buffer.from(decodeURIComponent(payload), 'utf8').toString('base64')
  } catch {
    throw invalid(param, `\`${param}\` is not a data URL in base64.`)
  }
}
