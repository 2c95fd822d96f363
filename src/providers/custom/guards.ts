import { type Budget, LimitError } from './limits.ts'

/** Looks at a function's arguments before it runs; answers what is wrong with them, or null. */
type Guard = (args: readonly unknown[], budget: Budget) => string | null

const noPatterns = 'is switched off: regular expressions can block'
const longestPicture = 64

/**
 * JSONata's functions that make much out of little in one step, or that search by regular expressions. Everything
 * else grows by at most a small factor, and is measured when it is done.
 */
const guards: Readonly<Record<string, Guard>> = {
  eval: () => 'is switched off',
  match: () => noPatterns,
  contains: ([, pattern]) => (isText(pattern) ? null : noPatterns),
  pad: ([, width], { maxUnits }) => (Math.abs(Number(width)) > maxUnits ? tooLarge(maxUnits) : null),
  string: ([, prettify]) => (prettify === true ? 'can write no line ends here' : null),
  join: ([list, separator], { maxUnits }) =>
    Array.isArray(list) && isText(separator) && list.length * separator.length > maxUnits
      ? tooLarge(maxUnits)
      : null,
  replace: ([text, pattern, replacement], { maxUnits }) => {
    if (!isText(text)) return null
    if (!isText(pattern) || !isText(replacement)) return noPatterns
    const most = (text.length / Math.max(1, pattern.length)) * replacement.length
    return most > maxUnits ? tooLarge(maxUnits) : null
  },
  split: ([text, separator], { maxItems }) => {
    if (!isText(text)) return null
    if (!isText(separator)) return noPatterns
    return hasMoreParts(text, separator, maxItems) ? `would make more than ${maxItems} items` : null
  },
  formatNumber: ([, picture]) => pictureFault(picture),
  formatInteger: ([, picture]) => pictureFault(picture),
  fromMillis: ([, picture]) => pictureFault(picture),
  now: ([picture]) => pictureFault(picture),
  parseInteger: ([text, picture]) => lengthFault(text) ?? pictureFault(picture),
  toMillis: ([text, picture]) => lengthFault(text) ?? (picture === undefined ? null : noPatterns),
}

export const guardedFunctions: readonly string[] = Object.keys(guards)

/** Throws LimitError, naming the function, for arguments that it must not be given. */
export function guard(name: string, args: readonly unknown[], budget: Budget): void {
  const fault = guards[name]?.(args, budget) ?? null
  if (fault !== null) throw new LimitError(`$${name} ${fault}`)
}

function tooLarge(maxUnits: number): string {
  return `would make a text longer than ${maxUnits} characters`
}

/** Widths in pictures are paddings. */
function pictureFault(picture: unknown): string | null {
  if (isText(picture) && /[1-9]\d{3}/.test(picture)) return 'takes no width above 999'
  return lengthFault(picture)
}

/** A long picture, and a long text to read by one, is a long search. */
function lengthFault(text: unknown): string | null {
  return isText(text) && text.length > longestPicture ? `takes ${longestPicture} characters at most` : null
}

function hasMoreParts(text: string, separator: string, most: number): boolean {
  if (separator === '') return text.length > most
  let parts = 1
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length)) {
    if (++parts > most) return true
  }
  return false
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
