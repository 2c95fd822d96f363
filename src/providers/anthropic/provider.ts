import type { Provider } from '../../core/provider.ts'
import { anthropicDialect, anthropicUrl } from './dialect.ts'
import { anthropicFields } from './fields.ts'
import { listModels } from './list-models.ts'
import { probe } from './probe.ts'
import { openaiRateLimits } from './rate-limits.ts'
import { readError } from './read-error.ts'
import { createMessagesTranslator } from './translator.ts'

/** Anthropic's own API (providers' facts §6). */
export function createAnthropic(): Provider {
  return {
    id: 'anthropic',
    name: 'Anthropic',
    baseUrl: anthropicUrl,
    fields: anthropicFields,
    operations: { chat: createMessagesTranslator({ dialect: anthropicDialect }) },
    signer: () => 'x-api-key',
    listModels,
    probe,
    readError,
    rateLimits: openaiRateLimits,
  }
}
