import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Call, Provider, Translator } from '../../core/provider.ts'
import { remoteUrls } from '../shared/media.ts'
import { buildRequest, endpoint, quirksOf } from './build-request.ts'
import type { Capabilities } from './capabilities.ts'
import { apiKeyFields } from './fields.ts'
import { readModels } from './list-models.ts'
import { presetAt, presets, type Preset } from './presets.ts'
import { buildProbe } from './probe.ts'
import { readError } from './read-error.ts'
import { readResponse, unexpected } from './read-response.ts'

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
  // What a connection's table says does not change while the connection does not; a snapshot makes new ones.
  const known = new WeakMap<Connection, Capabilities>()
  const quirks = ({ connection }: Pick<Call, 'connection'>): Capabilities => {
    const found = known.get(connection)
    if (found !== undefined) return found
    const { capabilities } = quirksOf(connection, presetAt(provider, connection.credential))
    known.set(connection, capabilities)
    return capabilities
  }
  return {
    assets: (call) => {
      if (call.operation !== 'chat' || quirks(call).image_urls) return []
      const { images } = remoteUrls(call.body.messages)
      return images.map((url) => ({ url, mediaTypes: imageTypes, maxBytes: maxImageBytes }))
    },
    buildRequests: (call) => buildRequest(call, provider),
    readResponse: (responses, call) => {
      const [response] = responses
      if (response === undefined) throw unexpected('nothing')
      return readResponse(response, call)
    },
    streaming: (connection) => ({ kind: quirks({ connection }).streaming ? 'passthrough' : 'none' }),
  }
}
