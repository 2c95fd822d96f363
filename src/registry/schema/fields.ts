import { z } from 'zod'
import { Secret } from '../../core/secret.ts'

/** Fields that several entities share. A blank optional field counts as not there. */

export const requiredText = z.string().trim().min(1)

export const optionalText = z
  .string()
  .trim()
  .transform((text) => (text === '' ? undefined : text))
  .optional()

export const secretText = z
  .string()
  .trim()
  .transform((text) => (text === '' ? undefined : new Secret(text)))
  .optional()

/** An http or https URL, as written. Whether its host may be reached is the egress guard's to say. */
export const webUrl = z
  .string()
  .trim()
  .superRefine((text, context) => {
    const fault = text === '' ? null : addressFault(text)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  })
  .transform((text) => (text === '' ? undefined : text))
  .optional()

/** The same for what paths are added to: without a trailing slash. */
export const webAddress = webUrl.transform((text) => text?.replace(/\/+$/, ''))

/** ISO 8601, as a date or with a time; kept as written. */
export const timestamp = z
  .string()
  .trim()
  .refine((text) => text === '' || (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))), {
    error: 'must be a time in ISO 8601, as 2030-01-31T12:00:00Z',
  })
  .transform((text) => (text === '' ? undefined : text))
  .optional()

/** What is wrong with an address, as a predicate that holds nothing of it, or null. */
export function addressFault(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'must be an http or https URL'
  }
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password'
  return url.hash === '' ? null : 'must not have a fragment'
}
