import type { Usage } from '../../core/usage.ts'
import { asCount, asObject } from '../shared/json.ts'

/**
 * `usageMetadata` in OpenAI's meaning (providers' facts §8.4): cached tokens are within the prompt, thoughts beside
 * the answer. null where there is none.
 */
export function mapUsage(metadata: unknown): Usage | null {
  const stated = asObject(metadata)
  if (stated === null) return null
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
