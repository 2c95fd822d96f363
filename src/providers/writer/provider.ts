import type { BuiltRequests, Call, Provider, Translator } from '../../core/provider.ts'
import { buildRequest } from '../openai/build-request.ts'
import type { Preset } from '../openai/presets.ts'
import { createOpenAIProvider, createTranslator } from '../openai/provider.ts'
import { unsupported } from '../shared/refusals.ts'
import { readResponse } from './read-response.ts'

const row: Preset = {
  id: 'writer',
  name: 'Writer',
  baseUrl: 'https://api.writer.com/v1',
  key: 'required',
  operations: ['chat', 'completions'],
  paths: { chat: '/chat' },
  capabilities: {
    max_tokens_field: 'max_tokens',
    system_role: 'system',
    json_object: false,
    array_content: false,
    reasoning_replay: 'drop',
    cache_control: false,
    response_members: false,
    nulls: false,
  },
  models: [{ models: /^palmyra-x5/, capabilities: { array_content: true } }],
  takes: {
    chat: [
      'model',
      'messages',
      'max_tokens',
      'temperature',
      'top_p',
      'n',
      'stop',
      'logprobs',
      'response_format',
      'tools',
      'tool_choice',
      'stream',
      'stream_options',
    ],
    completions: [
      'model',
      'prompt',
      'max_tokens',
      'temperature',
      'top_p',
      'stop',
      'best_of',
      'seed',
      'random_seed',
    ],
  },
  // Chat has no seed under either name, and never comes to this.
  rename: { seed: 'random_seed' },
}

/** Writer's Palmyra models: OpenAI's protocol but for paths, a fixed list of members and the errors (facts §14). */
export function createWriter(): Provider {
  const { presetOf: _preset, ...provider } = createOpenAIProvider(row)
  const translator: Translator = { ...createTranslator(row), buildRequests, readResponse }
  return { ...provider, operations: { chat: translator, completions: translator } }
}

function buildRequests(call: Call): BuiltRequests {
  if (call.operation === 'completions') refuseCompletions(call)
  const { tool_choice: choice } = call.body
  if (typeof choice === 'object' && choice !== null && (choice as { type?: unknown }).type !== 'function') {
    throw unsupported('tool_choice', 'This model takes `tool_choice` as a word or as one function.')
  }
  return buildRequest(call, row)
}

/** Its streams of completions are of another form than OpenAI's, and it takes one text. */
function refuseCompletions({ body, stream }: Extract<Call, { operation: 'completions' }>): void {
  if (stream) throw unsupported('stream', 'This model cannot stream completions.')
  if (typeof body.prompt !== 'string') throw unsupported('prompt', 'This model takes one text as `prompt`.')
}
