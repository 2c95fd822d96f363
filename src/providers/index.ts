import type { Provider } from '../core/provider.ts'
import { createAnthropic } from './anthropic/provider.ts'
import { createAzureOpenAI } from './azure/provider.ts'
import { createBedrock } from './bedrock/provider.ts'
import { createCohere } from './cohere/provider.ts'
import { createCustom } from './custom/provider.ts'
import { createGoogle } from './google/provider.ts'
import { createHuggingFace } from './huggingface/provider.ts'
import { createNvidia } from './nvidia/provider.ts'
import { openaiProviders } from './openai/provider.ts'
import { createWriter } from './writer/provider.ts'

/** Every provider there is, by id. The only place that names them. */
export function createProviders(): ReadonlyMap<string, Provider> {
  const providers: readonly Provider[] = [
    ...openaiProviders,
    createAnthropic(),
    createBedrock(),
    createCohere(),
    createCustom(),
    createGoogle(),
    createAzureOpenAI(),
    createHuggingFace(),
    createNvidia(),
    createWriter(),
  ]
  return new Map(providers.map((provider) => [provider.id, provider]))
}
