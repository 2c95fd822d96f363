import type { Provider } from '../core/provider.ts'
import { openaiProviders } from './openai/provider.ts'

/** Every provider there is, by id. The only place that names them. */
export function createProviders(): ReadonlyMap<string, Provider> {
  const providers: readonly Provider[] = [...openaiProviders]
  return new Map(providers.map((provider) => [provider.id, provider]))
}
