/** What a verified token says. */
export type Claims = Readonly<Record<string, unknown>>

/** A dotted path (`realm.teams`), or its keys one by one where a key has dots of its own. */
export type ClaimPath = string | readonly string[]

const MAX_COUNT = 256
const MAX_LENGTH = 256

/**
 * The names a claim holds: an array of strings, or one string separated by spaces or commas (as OAuth's `scope` is).
 * What is not there, empty, no string or over 256 characters is left out, and so is what follows the first 256 names.
 */
export function namesAt(claims: Claims, path: ClaimPath): string[] {
  const value = valueAt(claims, typeof path === 'string' ? path.split('.') : path)
  const listed: unknown[] =
    typeof value === 'string' ? value.split(/[\s,]+/) : Array.isArray(value) ? value : []
  const names = listed.filter((name): name is string => typeof name === 'string' && isBounded(name))
  return [...new Set(names)].slice(0, MAX_COUNT)
}

function valueAt(claims: Claims, keys: readonly string[]): unknown {
  let value: unknown = claims
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Claims)[key]
  }
  return value
}

function isBounded(name: string): boolean {
  return name.length > 0 && name.length <= MAX_LENGTH
}
