import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider, Translator } from '../../core/provider.ts'
import { remoteUrls } from '../shared/media.ts'
import { buildRequest } from './build-request.ts'
import { apiKeyFields } from './fields.ts'
import { readModels } from './list-models.ts'
import { presetAt, presets, type Preset } from './presets.ts'
import { buildProbe } from './probe.ts'
import { readError } from './read-error.ts'
import { readResponse, unexpected } from './read-response.ts'
import { createWays, endpoint } from './ways.ts'

/** One provider for OpenAI and for every preset. */
export const openaiProviders: readonly Provider[] = presets.map(createOpenAIProvider)

/** A provider that speaks OpenAI's protocol, with the quirks of its row. */
export function createOpenAIProvider(preset: Preset): Provider {
  const { id, name, baseUrl, key, operations = ['chat', 'completions', 'embeddings'] } = preset
  const translator = createTranslator(preset)
  return {
    id,
    name,
    baseUrl,
    ...(id === 'openai' || id === 'openai_compatible' ? {} : { presetOf: 'openai' }),
    fields: apiKeyFields({ keyRequired: key === 'required', baseUrl }),
    operations: Object.fromEntries(operations.map((operation) => [operation, translator])) as Partial<
      Record<Operation, Translator>
    >,
    signer: ({ secrets }) => (secrets['api_key'] === undefined ? 'none' : 'bearer'),
    listModels: {
      isPublic: (credential) => presetAt(preset, credential).listsToAnyone === true,
      ...(preset.listRight === undefined ? {} : { right: preset.listRight }),
      request: (credential) => ({
        method: 'GET',
        url: endpoint(credential, presetAt(preset, credential), '/models'),
        headers: { accept: 'application/json', 'accept-encoding': 'identity' },
        body: null,
      }),
      read: (response) => ({ models: readModels(response), next: null }),
    },
    probe: (connection) => buildProbe(connection, preset),
    readError,
  }
}

const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']
const maxImageBytes = 20 * 1024 * 1024

/** What a preset's operations have in common; a provider of a related protocol replaces what it does otherwise. */
export function createTranslator(provider: Preset): Translator {
  const ways = createWays(provider)
  const capabilities = (connection: Connection) => ways(connection).quirksFor(undefined).capabilities
  return {
    assets: (call) => {
      if (call.operation !== 'chat' || capabilities(call.connection).image_urls) return []
      const { images } = remoteUrls(call.body.messages)
      return images.map((url) => ({ url, mediaTypes: imageTypes, maxBytes: maxImageBytes }))
    },
    buildRequests: (call) => buildRequest(call, provider, ways(call.connection)),
    readResponse: (responses, call) => {
      const [response] = responses
      if (response === undefined) throw unexpected('nothing')
      return readResponse(response, call)
    },
    streaming: (connection) => ({ kind: capabilities(connection).streaming ? 'passthrough' : 'none' }),
  }
}
