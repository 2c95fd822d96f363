import type { Call } from '../../core/provider.ts'
import { unsupported } from '../shared/refusals.ts'
import { isAsked, type Draft } from './draft.ts'

/** Parameters whose absence gives another answer than the one asked for (providers' facts §3.1); all others are hints. */
const answerChanging: ReadonlySet<string> = new Set([
  'n',
  'best_of',
  'echo',
  'suffix',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'response_format',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'structured_outputs',
  'modalities',
  'audio',
  'web_search_options',
  'dimensions',
])

/**
 * Takes out what an upstream with a fixed list of members would refuse. Throws 400 `unsupported_parameter` for what
 * changes the answer; the rest is named to the client. An override `capabilities: {name: true}` lets a member through.
 */
export function keepKnown(draft: Draft, call: Call, takes: readonly string[] | undefined): void {
  if (takes === undefined) return
  const { capabilities = {} } = call.connection.overrides
  // Added by the gateway itself, so that the client hears nothing of it.
  if (!takes.includes('stream_options')) draft.remove('stream_options')
  for (const name of Object.keys(call.body)) {
    const value = draft.get(name)
    if (value === undefined || takes.includes(name) || capabilities[name] === true) continue
    if (answerChanging.has(name) && isAsked(name, value)) {
      throw unsupported(name, `This model does not support \`${name}\`.`)
    }
    draft.drop(name)
  }
}
