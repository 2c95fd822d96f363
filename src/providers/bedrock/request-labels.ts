import type { ChatRequest } from '../../core/openai.ts'

export interface RequestLabels {
  readonly requestMetadata: Readonly<Record<string, string>>
  readonly serviceTier: { readonly type: string } | null
  readonly dropped: readonly string[]
}

const mostEntries = 16
/** What AWS takes in keys and values (Bedrock API reference, Converse, `requestMetadata`). */
const plain = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/
const tiers = new Set(['flex', 'priority'])

/**
 * `metadata` and the end user's name as `requestMetadata`, which AWS writes into its invocation logs, and
 * `service_tier`; `auto` and `default` are what Converse does by itself.
 */
export function requestLabels(body: ChatRequest): RequestLabels {
  const { metadata, user, service_tier: tier } = body
  const entries = Object.entries(metadata ?? {})
  const fits = entries.length <= mostEntries && entries.every((entry) => entry.every(isPlain))
  const labels = fits ? Object.fromEntries(entries) : {}
  const name = [body['safety_identifier'], user].find((value) => value !== undefined && value !== null)
  const hasRoom = isPlain(name) && Object.keys(labels).length < mostEntries
  const isTier = typeof tier === 'string' && tiers.has(tier)
  return {
    requestMetadata: hasRoom ? { user: name, ...labels } : labels,
    serviceTier: isTier ? { type: tier } : null,
    dropped: [
      ...(fits ? [] : ['metadata']),
      ...(name === undefined || hasRoom ? [] : ['user']),
      ...(tier === undefined || tier === null || isTier || tier === 'auto' || tier === 'default'
        ? []
        : ['service_tier']),
    ],
  }
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && plain.test(value)
}
