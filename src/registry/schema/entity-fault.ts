import type { z } from 'zod'

/** What a refusal is called in the control plane's answers; `invalid` has no code of its own. */
export type FaultCode = 'invalid' | 'conflict' | 'provider_mismatch' | 'base_url_not_allowed'

/** A rule that an entity breaks, beyond the types of its fields. The message is a whole sentence and holds no secret. */
export interface EntityFault {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly code: FaultCode
}

export function entityFault(
  path: readonly (string | number)[],
  message: string,
  code: FaultCode = 'invalid',
): EntityFault {
  return { path, message, code }
}

/** A value whose types may not have held: rules run beside the type checks, so that one pass shows every fault. */
export type Loose = Readonly<Record<string, unknown>>

type Rules = (value: unknown, context: z.core.$RefinementCtx) => void

/** For `superRefine`, with `evenIfBroken` as its second argument. */
export function rules(check: (value: Loose) => readonly EntityFault[]): Rules {
  return (value, context) => {
    if (!isLoose(value)) return
    for (const { path, message, code } of check(value)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { code } })
    }
  }
}

/** zod skips refinements of a value that has other faults already; these would then wait for the next attempt. */
export const evenIfBroken = { when: () => true }

export function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members of a list that are objects, each with its index. */
export function looseItems(value: unknown): { item: Loose; index: number }[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index) => (isLoose(item) ? [{ item, index }] : []))
}

/** A string that is not blank, else null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}
