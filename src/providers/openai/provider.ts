import type { Connection } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Provider, Translator } from '../../core/provider.ts'
import { remoteUrls } from '../shared/media.ts'
import { buildRequest, endpoint, quirksOf, type ResolveQuirks } from './build-request.ts'
import type { ResolvedQuirks } from './capabilities.ts'
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
  const resolve = rememberQuirks()
  const quirks = (connection: Connection) =>
    resolve(connection, presetAt(provider, connection.credential)).capabilities
  return {
    assets: (call) => {
      if (call.operation !== 'chat' || quirks(call.connection).image_urls) return []
      const { images } = remoteUrls(call.body.messages)
      return images.map((url) => ({ url, mediaTypes: imageTypes, maxBytes: maxImageBytes }))
    },
    buildRequests: (call) => buildRequest(call, provider, resolve),
    readResponse: (responses, call) => {
      const [response] = responses
      if (response === undefined) throw unexpected('nothing')
      return readResponse(response, call)
    },
    streaming: (connection) => ({ kind: quirks(connection).streaming ? 'passthrough' : 'none' }),
  }
}

/**
 * What the tables say of a connection does not change while the connection does not: a snapshot makes new ones. Only
 * the usual case is remembered, a request without a reasoning effort.
 */
function rememberQuirks(): ResolveQuirks {
  const known = new WeakMap<Connection, { preset: Preset; quirks: ResolvedQuirks }>()
  return (connection, preset, effort) => {
    if (effort !== undefined && effort !== null) return quirksOf(connection, preset, effort)
    const found = known.get(connection)
    if (found?.preset === preset) return found.quirks
    const quirks = quirksOf(connection, preset)
    known.set(connection, { preset, quirks })
    return quirks
  }
}
