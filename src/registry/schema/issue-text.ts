import type { z } from 'zod'

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  null: 'empty',
  undefined: 'missing',
}

/**
 * What a zod issue finds wrong, as a predicate for the field's name (`must be a number, not text`): for the `error`
 * option of `parse`. It never holds the value, which may be a secret.
 */
export function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue
  switch (issue.code) {
    case 'invalid_type':
      return input === undefined
        ? 'is required'
        : `must be ${kinds[issue.expected] ?? issue.expected}${notKind(input, issue.expected)}`
    case 'invalid_value':
      return input === undefined ? 'is required' : `must be ${choice(issue.values.map(String))}`
    case 'too_small':
      return bound(issue.origin, 'at least', Number(issue.minimum), issue.inclusive)
    case 'too_big':
      return bound(issue.origin, 'at most', Number(issue.maximum), issue.inclusive)
    case 'invalid_union':
      return 'options' in issue ? `must be ${choice((issue.options as unknown[]).map(String))}` : undefined
    case 'unrecognized_keys':
      return `has the unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    case 'invalid_key':
      return issue.issues[0]?.message
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return undefined
  }
}

/** A number that is no whole one is a number all the same. */
function notKind(input: unknown, expected: string): string {
  return typeof input === 'number' && (expected === 'int' || expected === 'number')
    ? ''
    : `, not ${kindOf(input)}`
}

function kindOf(input: unknown): string {
  if (input === null) return 'empty'
  if (Array.isArray(input)) return 'a list'
  return kinds[typeof input] ?? typeof input
}

function choice(values: readonly string[]): string {
  return values.length > 1 ? `one of ${values.join(', ')}` : (values[0] ?? 'nothing')
}

function bound(origin: string, side: string, limit: number, isInclusive = true): string {
  const isNumber = origin === 'number' || origin === 'int'
  const most = isInclusive ? side : side === 'at least' ? 'more than' : 'less than'
  if (isNumber) return `must be ${most} ${limit}`
  if (limit === 1 && side === 'at least') return 'must not be empty'
  return `must have ${most} ${limit} ${origin === 'string' ? 'characters' : 'items'}`
}

/** The name under which a fault's place is spoken of: `api_key`, `models[0]`. */
export function fieldLabel(path: readonly PropertyKey[]): string {
  const last = path.findLastIndex((step) => typeof step === 'string')
  const indexes = path.slice(last + 1).map((step) => `[${String(step)}]`)
  return `${String(path[last] ?? '')}${indexes.join('')}`
}
