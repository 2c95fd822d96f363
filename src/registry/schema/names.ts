import { z } from 'zod'

const MAX_CHARACTERS = 200
/** Control characters, line and paragraph separators, halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * What shows nothing, or turns the writing around, and so makes two names look like one (Unicode UAX #44). Joiners and
 * variation selectors belong to emoji and to scripts that join; they do nothing after Latin, Greek and Cyrillic letters,
 * digits, punctuation and spaces.
 */
const INVISIBLE = /(?![\p{Join_C}\p{VS}])[\p{DI}\p{Bidi_C}]/u
const IDLE = /(?<=^|[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{N}\p{P}\p{Z}])[\p{Join_C}\p{VS}]/u

/** Names are kept trimmed and composed (Unicode NFC), so that what looks the same is the same. */
export function normaliseName(name: string): string {
  return name.normalize('NFC').trim()
}

/** Two names with the same key are one name: capitals do not tell names apart. */
export function nameKey(name: string): string {
  return normaliseName(name).toLowerCase()
}

/** The name of a credential, connection or team. */
export const entityName = z
  .string()
  .overwrite(normaliseName)
  .min(1)
  .max(MAX_CHARACTERS)
  .refine((name) => !UNPRINTABLE.test(name), { error: 'must not hold control characters' })
  .refine((name) => !INVISIBLE.test(name) && !IDLE.test(name), {
    error: 'must not hold invisible characters',
  })

/** What clients write in `model`: a model's or a route's name. `#` parts it from a connection's (design §4). */
export const modelName = entityName.refine((name) => !name.includes('#'), { error: 'must not hold "#"' })
