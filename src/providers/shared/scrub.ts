const mark = '[redacted]'
const longestMessage = 2000

/** What keys look like in providers' messages. Each pattern is linear: no repetition within a repetition. */
const keyLike: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer)\s+[^\s"',;]{6,}/gi, `$1 ${mark}`],
  [/\b(api[ _-]?key(?: provided)?\s*[:=]\s*["'`]?)[^\s"'`,;]{4,}/gi, `$1${mark}`],
  // With their own separators, so that a parameter's name (`skip_special_tokens`) is none.
  [/\b(?:sk|pk|rk|csk|xai|pplx|nvapi)-[\w.*-]{6,}/g, mark],
  [/\b(?:gsk|hf|fw|r8|tgp)_[\w.*-]{6,}/g, mark],
  [/\b(?:AIza|AKIA|ASIA|eyJ)[\w.*-]{12,}/g, mark],
  // Masked by the provider itself: the first and last characters are still the key's.
  [/[^\s"'`]{0,60}\*{3,}[^\s"'`.,;]{0,60}/g, mark],
  [/\b(?=[A-Za-z0-9+]*\d)(?=[0-9+]*[A-Za-z])[A-Za-z0-9+]{28,}/g, mark],
]

/** A provider's message with whatever could be a key taken out, and at most 2000 characters long. */
export function scrub(message: string): string {
  const bounded = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
  return keyLike.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), bounded)
}
