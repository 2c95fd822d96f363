import type { Translator } from '../../core/provider.ts'
import { createVertexDialect } from '../anthropic/dialect.ts'
import { createMessagesTranslator } from '../anthropic/translator.ts'
import { modelUrl } from './hosts.ts'

/** Claude on Vertex AI: Anthropic's Messages under Google's URLs (providers' facts §9.4). */
export const claude: Translator = createMessagesTranslator({
  dialect: createVertexDialect({ url: modelUrl }),
})
