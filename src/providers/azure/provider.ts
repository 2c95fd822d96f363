import type { Connection, Credential } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { BuiltRequests, Call, Provider, Translator } from '../../core/provider.ts'
import { buildBody, headersFor } from '../openai/build-request.ts'
import { readModels } from '../openai/list-models.ts'
import { openaiModelRules } from '../openai/model-rules.ts'
import type { Preset } from '../openai/presets.ts'
import { buildProbe } from '../openai/probe.ts'
import { createTranslator } from '../openai/provider.ts'
import { getRequest } from '../shared/json-request.ts'
import { azureAddress, azureUrl } from './address.ts'
import { azureFields } from './fields.ts'
import { readError } from './read-error.ts'

const row: Preset = {
  id: 'azure_openai',
  name: 'Azure OpenAI',
  baseUrl: null,
  key: 'optional',
  models: openaiModelRules,
  capabilities: { reasoning_replay: 'drop', cache_control: false },
}

const withoutStreamOptions: Preset = { ...row, capabilities: { ...row.capabilities, stream_options: false } }

const paths: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
}

/**
 * Azure OpenAI and Foundry (providers' facts §5): OpenAI's protocol by deployment. Deployments' names hide the model;
 * where one is a reasoning model, `overrides.capabilities.reasoning_model` says so.
 */
export function createAzureOpenAI(): Provider {
  const translator: Translator = { ...createTranslator(row), buildRequests }
  return {
    id: row.id,
    name: row.name,
    fields: azureFields,
    operations: { chat: translator, completions: translator, embeddings: translator },
    signer: ({ secrets }) => (secrets['api_key'] === undefined ? 'entra' : 'api-key'),
    listModels: {
      request: (credential) =>
        getRequest(azureUrl(credential, null, '/models'), {
          accept: 'application/json',
          'accept-encoding': 'identity',
        }),
      // It lists what the resource could deploy, not what is deployed: proof of the credential, and no names to use.
      read: (response) => {
        readModels(response)
        return { models: [], next: null }
      },
    },
    probe,
    readError,
  }
}

function buildRequests(call: Call): BuiltRequests {
  const { credential, modelName } = call.connection
  const { body, dropped } = buildBody(call, takesStreamOptions(call, credential) ? row : withoutStreamOptions)
  const url = azureUrl(credential, modelName, paths[call.operation])
  return { requests: [{ method: 'POST', url, headers: headersFor(call), body }], dropped }
}

/** Versions before September 2024 refuse it, and so does every version beside `data_sources`. */
function takesStreamOptions(call: Call, credential: Credential): boolean {
  const { apiVersion } = azureAddress(credential)
  return (apiVersion === null || apiVersion >= '2024-09') && call.body['data_sources'] === undefined
}

const tellingName = /^(?:gpt-?\d|o\d|davinci|babbage)/

/**
 * One token, or one word's embedding. A deployment whose name does not tell its model is asked without a limit, since
 * the two names of the limit are each refused by some models.
 */
function probe(connection: Connection): { operation: Operation; body: Record<string, unknown> } {
  const { operation, body } = buildProbe(connection, row)
  const { capabilities = {} } = connection.overrides
  const isKnown = tellingName.test(connection.modelName) || capabilities['reasoning_model'] !== undefined
  if (operation !== 'chat' || isKnown) return { operation, body }
  const { max_tokens: _limit, ...unlimited } = body
  return { operation, body: { ...unlimited, messages: [{ role: 'user', content: 'Say hi.' }] } }
}
