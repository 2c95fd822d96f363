import { z } from 'zod'
import { Secret } from '../../core/secret.ts'

const members = ['client_email', 'private_key'] as const

/**
 * Google's service-account key: the file's object, or its JSON as a string. Kept whole as JSON text: only its
 * `private_key` is secret, but nobody needs the rest apart from it.
 */
export const serviceAccount = z
  .union([z.string(), z.record(z.string(), z.unknown())], {
    error: 'must be the service account as an object, or its JSON as a string',
  })
  .transform((given, context) => {
    if (typeof given === 'string' && given.trim() === '') return undefined
    const account = typeof given === 'string' ? parseObject(given) : given
    const missing = members.filter((member) => typeof account?.[member] !== 'string')
    if (account !== null && missing.length === 0) return new Secret(JSON.stringify(account))
    context.addIssue({
      code: 'custom',
      message: account === null ? 'must be a JSON object' : `must hold ${missing.join(' and ')}`,
    })
    return z.NEVER
  })
  .optional()

/** A parser's own words would quote what it read. */
function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
