import type { Provider } from '../core/provider.ts'
import { createGoogle } from './google/provider.ts'
import { openaiProviders } from './openai/provider.ts'

/** Every provider there is, by id. The only place that names them. */
export function createProviders(): ReadonlyMap<string, Provider> {
  const providers: readonly Provider[] = [...openaiProviders, createGoogle()]
  return new Map(providers.map((provider) => [provider.id, provider]))
}
