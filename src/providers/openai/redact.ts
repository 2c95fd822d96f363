const mark = '[redacted]'
const longestMessage = 2000

/** What keys look like in providers' messages. Every pattern is linear: no nested repetition. */
const secrets: readonly [RegExp, string][] = [
  [/\b(bearer)\s+[^\s"',;]{6,}/gi, `$1 ${mark}`],
  [/\b(api[ _-]?key(?: provided)?\s{0,3}[:=]\s{0,3}["'`]?)[^\s"'`,;]{4,}/gi, `$1${mark}`],
  [/\b(?:sk|pk|rk|csk|xai|pplx|nvapi)-[-\w*.]{6,}/g, mark],
  [/\b(?:gsk|hf|fw|r8|tgp)_[-\w*.]{6,}/g, mark],
  [/\b(?:eyJ|AIza|AKIA|ASIA)[-\w.]{12,}/g, mark],
  // A key the provider has masked itself: its first and last characters are still the key's.
  [/[^\s"'`]{0,60}\*{3,60}[^\s"'`.,;]{0,60}/g, mark],
]
const longToken = /[A-Za-z0-9+]{28,}/g

/** A provider's message with whatever could be a key taken out, and of bounded length. */
export function redact(message: string): string {
  const bounded = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
  const masked = secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), bounded)
  return masked.replace(longToken, (token) => (/\d/.test(token) && /[A-Za-z]/.test(token) ? mark : token))
}
