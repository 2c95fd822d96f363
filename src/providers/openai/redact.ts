const mark = '[redacted]'
const longestMessage = 2000

/** What keys look like in providers' messages. Every pattern is linear: no nested repetition. */
const secrets: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[^\s"',;]{6,}/gi, `$1 ${mark}`],
  [/\b(api[ _-]?key(?: provided)?\s*[:=]\s*["'`]?)[^\s"'`,;]{4,}/gi, `$1${mark}`],
  [/\b(?:sk|pk|rk|gsk|csk|xai|pplx|nvapi|hf|fw|r8|key|tgp|AIza|AKIA|ASIA|eyJ)[-_A-Za-z0-9*.]{12,}/g, mark],
  // A key the provider has masked itself: its first and last characters are still the key's.
  [/[^\s"'`]{0,60}\*{3,}[^\s"'`.,;]{0,60}/g, mark],
]
const longToken = /[A-Za-z0-9+]{28,}/g

/** A provider's message with whatever could be a key taken out, and of bounded length. */
export function redact(message: string): string {
  const bounded = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
  const masked = secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), bounded)
  return masked.replace(longToken, (token) => (/\d/.test(token) && /[A-Za-z]/.test(token) ? mark : token))
}
