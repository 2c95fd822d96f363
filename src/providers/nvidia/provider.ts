import type { BuiltRequests, Call, EmbeddingsCall, Provider, Translator } from '../../core/provider.ts'
import { buildRequest } from '../openai/build-request.ts'
import { createOpenAIProvider, createTranslator } from '../openai/provider.ts'
import { readError } from './read-error.ts'
import { nvidiaRow } from './row.ts'

/** NVIDIA NIM: OpenAI's protocol with a fixed list of members, and embeddings that ask what a text is for. */
export function createNvidia(): Provider {
  const { presetOf: _preset, ...provider } = createOpenAIProvider(nvidiaRow)
  const translator: Translator = { ...createTranslator(nvidiaRow), buildRequests }
  return {
    ...provider,
    operations: { chat: translator, completions: translator, embeddings: translator },
    readError,
  }
}

function buildRequests(call: Call): BuiltRequests {
  return buildRequest(call.operation === 'embeddings' ? withInputType(call) : call, nvidiaRow)
}

/** The name says it, or there is nothing to say. */
const needsNoInputType = /-(?:query|passage)$|(?:^|\/)bge-/

/**
 * Asymmetric models must be told whether a text is a `query` or a `passage`: the client's own `input_type` counts, then
 * `overrides.capabilities.input_type` (`none` for neither), then `query`.
 */
function withInputType(call: EmbeddingsCall): EmbeddingsCall {
  const { modelName, overrides } = call.connection
  const stated = overrides.capabilities?.['input_type']
  const inputType = stated ?? (needsNoInputType.test(modelName) ? 'none' : 'query')
  if (Object.hasOwn(call.body, 'input_type') || (inputType !== 'query' && inputType !== 'passage'))
    return call
  return { ...call, body: { ...call.body, input_type: inputType } }
}
