import type { Usage } from '../../core/usage.ts'
import { asCount, asObject } from '../shared/json.ts'

const named = ['promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'toolUsePromptTokenCount']

/**
 * `usageMetadata` in OpenAI's meaning (providers' facts §8.4): cached tokens are within the prompt, thoughts beside
 * the answer. null where none is stated: Vertex AI's first chunks say only how they are billed (`trafficType`).
 */
export function mapUsage(metadata: unknown): Usage | null {
  const stated = asObject(metadata)
  if (stated === null || !named.some((name) => asCount(stated[name]) !== null)) return null
  const count = (name: string) => asCount(stated[name]) ?? 0
  const reasoning = count('thoughtsTokenCount')
  return {
    input: count('promptTokenCount') + count('toolUsePromptTokenCount'),
    output: count('candidatesTokenCount') + reasoning,
    cachedInput: count('cachedContentTokenCount'),
    cacheWrite: 0,
    reasoning,
  }
}
