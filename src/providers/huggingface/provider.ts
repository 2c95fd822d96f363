import { GatewayError } from '../../core/errors.ts'
import type { Call, Provider, Translator } from '../../core/provider.ts'
import { buildRequest } from '../openai/build-request.ts'
import { readModels } from '../openai/list-models.ts'
import type { Preset } from '../openai/presets.ts'
import { createOpenAIProvider, createTranslator } from '../openai/provider.ts'
import { getRequest } from '../shared/json-request.ts'
import { isRouter, rootUrl, routerUrl, usesFeatureExtraction } from './address.ts'
import { buildFeatureExtraction, readFeatureExtraction } from './feature-extraction.ts'
import { readError } from './read-error.ts'

/** Parameters, tools and formats depend on the host that serves a model: its own refusals are passed on. */
const row: Preset = {
  id: 'huggingface',
  name: 'Hugging Face',
  baseUrl: routerUrl,
  key: 'required',
  capabilities: {
    max_tokens_field: 'max_tokens',
    system_role: 'system',
    cache_control: false,
    response_members: false,
    nulls: false,
    token_input: false,
  },
}

/**
 * Hugging Face (providers' facts §11): the router of Inference Providers (`org/model:provider`), its hf-inference
 * pipeline for embeddings, and dedicated endpoints (TGI, TEI, vLLM) by `base_url`.
 */
export function createHuggingFace(): Provider {
  const { presetOf: _preset, ...provider } = createOpenAIProvider(row)
  const translator = createTranslator(row)
  const chat: Translator = { ...translator, buildRequests: (call) => buildRequest(atRoot(call), row) }
  const completions: Translator = {
    ...chat,
    buildRequests: (call) => {
      if (isRouter(call.connection.credential)) throw noCompletions()
      return chat.buildRequests(call)
    },
  }
  const embeddings: Translator = {
    ...chat,
    buildRequests: (call) =>
      call.operation === 'embeddings' && usesFeatureExtraction(call.connection)
        ? buildFeatureExtraction(call)
        : chat.buildRequests(call),
    readResponse: (responses, call) =>
      call.operation === 'embeddings' && usesFeatureExtraction(call.connection)
        ? readFeatureExtraction(responses, call)
        : chat.readResponse(responses, call),
  }
  return {
    ...provider,
    operations: { chat, completions, embeddings },
    listModels: {
      // A dedicated endpoint may ask for the key.
      isPublic: isRouter,
      request: (credential) =>
        getRequest(`${rootUrl(credential)}/models`, {
          accept: 'application/json',
          'accept-encoding': 'identity',
        }),
      read: (response) => ({ models: readModels(response), next: null }),
    },
    readError,
  }
}

function noCompletions(): GatewayError {
  return new GatewayError(
    'unsupported_operation',
    'Hugging Face serves completions only at dedicated endpoints.',
  )
}

/** With the endpoint's address completed. */
function atRoot(call: Call): Call {
  const { credential } = call.connection
  const settings = { ...credential.settings, base_url: rootUrl(credential) }
  return { ...call, connection: { ...call.connection, credential: { ...credential, settings } } }
}
