import { isContextOverflow } from '../shared/context-overflow.ts'
import type { ErrorShape } from './error-shape.ts'

/** What an error means, before it is put into the words of the error table. `refused`: the request's own fault. */
export type ErrorKind =
  | 'context_length'
  | 'content_policy'
  | 'authentication'
  | 'permission'
  | 'region'
  | 'quota'
  | 'rate_limit'
  | 'model_deprecated'
  | 'model_not_found'
  | 'refused'
  | 'provider_down'

type Named = Exclude<ErrorKind, 'permission' | 'refused' | 'provider_down' | 'rate_limit'>

interface Rule {
  readonly kind: Named
  /** The statuses it holds for; others mean something else whatever the words are. */
  readonly statuses: readonly number[]
  /** `error.code` or `error.type`, in lower case. */
  readonly codes?: readonly string[]
  readonly texts?: readonly RegExp[]
  readonly says?: (message: string) => boolean
}

const refusals = [400, 403, 404, 413, 422]

/**
 * In order, first match wins. Codes are trusted at any status of the row. Texts may quote the caller's own words,
 * so where they would put a connection out of service they are tied to the message's beginning.
 */
const rules: readonly Rule[] = [
  {
    kind: 'context_length',
    statuses: [400, 413, 422, 500],
    codes: ['context_length_exceeded', 'context_window_exceeded', 'model_context_window_exceeded'],
    texts: [
      /exceeds? the (model'?s |available )*context/i,
      /reduce the length of the (messages|prompt|input)/i,
    ],
    says: isContextOverflow,
  },
  {
    kind: 'content_policy',
    statuses: refusals,
    codes: [
      'content_filter',
      'content_policy_violation',
      'responsibleaipolicyviolation',
      'moderation_blocked',
      'invalid_prompt',
      'data_inspection_failed',
    ],
    texts: [
      /content (management )?policy|safety system|violates (our |the )?usage (guidelines|policies)/i,
      /flagged (as|by|for)|input was flagged|requires moderation|blocked by guardrail/i,
    ],
  },
  {
    kind: 'authentication',
    statuses: [400, 403, 404, 422],
    codes: [
      'invalid_api_key',
      'api_key_invalid',
      'expired_api_key',
      'authentication_error',
      'invalid_authentication',
    ],
    texts: [
      /^(incorrect|invalid|expired) api[ _-]?key/i,
      /^api[ _-]?key (not valid|is invalid|has expired)/i,
    ],
  },
  { kind: 'region', statuses: [400, 403, 404], codes: ['unsupported_country_region_territory'] },
  {
    kind: 'quota',
    statuses: [400, 403, 429, 503],
    codes: [
      'insufficient_quota',
      'credit_balance_exhausted',
      'insufficient_balance',
      'billing_hard_limit_reached',
      'billing_not_active',
      'exceeded_current_quota_error',
      'quota_exceeded',
    ],
    texts: [
      /^you exceeded your current quota|^insufficient (balance|credits?|funds|quota)/i,
      /^your credit balance|^your team has (either )?used all/i,
    ],
  },
  {
    kind: 'quota',
    statuses: [429],
    texts: [
      /\bper[ -]?day\b|\b(TPD|RPD)\b|\bdaily\b/i,
      /spending limit|out of credits|monthly (included )?credits/i,
    ],
  },
  {
    kind: 'model_deprecated',
    statuses: [400, 403, 404, 410, 422],
    codes: ['model_decommissioned', 'model_deprecated', 'model_retired', 'modeldeprecated', 'model_removed'],
    texts: [
      /^[^.]{0,60}\bmodel\b[^.]{0,120}\b(decommissioned|deprecated|retired|discontinued|shut down)/i,
      /^[^.]{0,60}\bmodel\b[^.]{0,120}\bno longer (available|supported)/i,
    ],
  },
  {
    kind: 'model_not_found',
    statuses: [400, 404, 422],
    codes: [
      'model_not_found',
      'model_not_available',
      'model_not_supported',
      'invalid_model',
      'unknown_model',
      'deploymentnotfound',
    ],
    texts: [
      /^(model not exist|invalid model\b|unknown model\b|no endpoints found for)/i,
      // Nothing but the model's name between: anything longer may be the caller's.
      /^(the )?(requested )?model[:\s]{0,3}[`'"]?[^\s`'"]{0,160}[`'"]?\s{0,2}(is |was )?(does not exist|not found|not supported by any provider)/i,
      /^\S{1,120} is not a valid model id/i,
    ],
  },
  {
    kind: 'model_not_found',
    statuses: [404],
    codes: ['notfounderror'],
    texts: [
      /\b(model|deployment|engine)\b.{0,200}(not found|not exist|not available|unknown|not deployed)/i,
      /^function\b.{0,120}not found for account/i,
    ],
  },
]

/** What a status and a body mean together (design §7; providers' facts §2.5, §3.5, §13). */
export function classifyError(status: number, shape: ErrorShape | null): ErrorKind {
  if (status === 401) return 'authentication'
  if (status === 402) return 'quota'
  const rule = rules.find((candidate) => candidate.statuses.includes(status) && matches(candidate, shape))
  if (rule !== undefined) return rule.kind
  if (status === 403) return 'permission'
  if (status === 410) return 'model_deprecated'
  if (status === 429) return 'rate_limit'
  return [400, 404, 413, 415, 422].includes(status) ? 'refused' : 'provider_down'
}

function matches({ codes = [], texts = [], says }: Rule, shape: ErrorShape | null): boolean {
  if (shape === null) return false
  const { code, type, message } = shape
  if ([code, type].some((word) => word !== null && codes.includes(word.toLowerCase()))) return true
  return message !== null && (texts.some((text) => text.test(message)) || says?.(message) === true)
}

/** For errors inside a stream, which carry no status: what their code or type says (facts §2.5). */
const wordStatuses: readonly [RegExp, number][] = [
  [/insufficient_quota|rate_?limit|too_?many_?requests|exhausted/i, 429],
  [/authentication|unauthenticated|unauthorized|invalid_api_key/i, 401],
  [/permission|forbidden/i, 403],
  [/not_?found/i, 404],
  [/overloaded|unavailable|slow_down/i, 503],
  [/timeout|deadline/i, 504],
  [/server|internal/i, 500],
  [/invalid|context_length|bad_?request|content_filter|content_policy|unsupported|tool_use_failed/i, 400],
]

/** The status that an error without one stands for; 500 where it says nothing. */
export function impliedStatus(shape: ErrorShape | null): number {
  if (shape === null) return 500
  if (shape.status !== null) return shape.status
  for (const word of [shape.code, shape.type]) {
    const found = word === null ? undefined : wordStatuses.find(([pattern]) => pattern.test(word))
    if (found !== undefined) return found[1]
  }
  return 500
}
