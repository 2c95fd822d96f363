const mark = '[redacted]'
const longestRead = 16_384

/**
 * What tokens and keys look like wherever they stand. Linear: once a pattern's first letters stand there, whatever
 * follows is taken and the search goes on behind it.
 */
const tokens = new RegExp(
  [
    String.raw`\beyJ[\w.-]{8,}`,
    String.raw`\b(?:sk|pk|rk|csk|xai|pplx|nvapi|gsk|hf|fw|r8|tgp)[-_][\w*-]{8,}`,
    String.raw`\bAIza[\w-]{20,}`,
    String.raw`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*`,
  ].join('|'),
  'g',
)

/** Secrets that only their surroundings tell; these stay. */
const surrounded: readonly RegExp[] = [
  /\b(bearer\s{1,9})[^\s"',;]{6,}/gi,
  /\b(basic\s{1,9})[\w+/=-]{12,}/gi,
  /((?:api[ _-]?key|token|secret|password|signature)["']?\s{0,3}[:=]\s{0,3}["'`]?)[^\s"'`,;&]{6,}/gi,
  /([?&]key=)[^\s"'`&]{4,}/gi,
  /(:\/\/[^\s/@:]{0,200}:)[^\s/@]{1,200}(?=@)/g,
]

/** One look that spares most texts the rest: every pattern above has one of these in what it matches. */
const suspicious = /eyJ|AIza|[kpxifw8][-_]|@|key|token|secret|password|signature|bearer|basic/i
const shortest = 11

/** A text with whatever in it looks like a token or a key replaced; cut at 16 KiB. */
export function scrub(text: string): string {
  const bounded = text.length > longestRead ? `${text.slice(0, longestRead)}…` : text
  if (text.length < shortest || !suspicious.test(bounded)) return bounded
  return surrounded.reduce(
    (rest, pattern) => rest.replace(pattern, `$1${mark}`),
    bounded.replace(tokens, mark),
  )
}

const run = /[A-Za-z0-9+/]{28,}/g
const awsSecretLength = 40

/** As `scrub`, for text that holds no ids: there whatever is long and mixed is taken for a key too. */
export function scrubProse(text: string): string {
  return scrub(text).replace(run, (found) => (isKeyLike(found) ? mark : found))
}

function isKeyLike(text: string): boolean {
  if (!/\d/.test(text) || !/[A-Za-z]/.test(text)) return false
  // With slashes it may be a path; AWS's secret keys have them, are of one length, and mix all kinds of letters.
  return !text.includes('/') || (text.length === awsSecretLength && /[a-z]/.test(text) && /[A-Z]/.test(text))
}
