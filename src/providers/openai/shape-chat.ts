import type { ChatCall } from '../../core/provider.ts'
import { asObject } from '../shared/json.ts'
import { nearestEffort, reasoningEfforts } from '../shared/reasoning-effort.ts'
import { unsupported } from '../shared/refusals.ts'
import type { Capabilities } from './capabilities.ts'
import type { Draft } from './draft.ts'
import { rewriteMessages, takesAsSent } from './rewrite-messages.ts'
import { without } from './without.ts'

/** What only chat has, as this upstream takes it. Throws 400 `unsupported_parameter`. */
export function shapeChat(draft: Draft, call: ChatCall, capabilities: Capabilities): void {
  shapeTokenLimit(draft, capabilities.max_tokens_field)
  shapeFormat(draft, call, capabilities)
  shapeEffort(draft, capabilities)
  const choice = draft.get('tool_choice') ?? null
  if (capabilities.tool_choice_form === 'value' && choice !== null)
    draft.set('tool_choice', { value: choice })
  const messages = takesAsSent(capabilities)
    ? null
    : rewriteMessages(call.body.messages, { capabilities, assets: call.assets })
  if (messages !== null) draft.set('messages', messages)
  if (needsJsonWord(call, capabilities)) {
    const reminder = { role: 'system', content: 'Answer with a JSON object.' }
    draft.set('messages', [reminder, ...(messages ?? call.body.messages)])
  }
  shapeTools(draft, call, capabilities)
  const { stop, temperature, top_logprobs: alternatives } = call.body
  if (capabilities.stop_list && typeof stop === 'string') draft.set('stop', [stop])
  if (typeof temperature === 'number' && temperature < capabilities.min_temperature) {
    draft.set('temperature', capabilities.min_temperature)
  }
  if (capabilities.logprobs_count && draft.get('logprobs') === true) {
    draft.set('logprobs', typeof alternatives === 'number' ? alternatives : 1)
    draft.remove('top_logprobs')
  }
}

function shapeTools(draft: Draft, { body: { tools } }: ChatCall, capabilities: Capabilities): void {
  if (!Array.isArray(tools)) return
  const shaped = tools.map((tool) => {
    const bare = capabilities.cache_control ? tool : without(tool, ['cache_control'])
    const called = asObject(bare.function)
    if (capabilities.nulls || called === null) return bare
    const whole = without(
      called,
      Object.keys(called).filter((name) => called[name] === null),
    )
    return whole === called ? bare : { ...bare, function: whole }
  })
  if (shaped.some((tool, index) => tool !== tools[index])) draft.set('tools', shaped)
}

/** One of the two names, as this upstream has it; of both the newer counts. */
function shapeTokenLimit(draft: Draft, field: Capabilities['max_tokens_field']): void {
  if (field === 'as_sent') return
  const other = field === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  const limit = draft.get('max_completion_tokens') ?? draft.get('max_tokens')
  if (draft.get(other) === undefined) return
  draft.remove(other)
  if (limit !== undefined && limit !== null) draft.set(field, limit)
}

/** A word that is none of OpenAI's is the upstream's own to judge. */
function shapeEffort(draft: Draft, { efforts, thinking_switch: hasSwitch }: Capabilities): void {
  const asked = reasoningEfforts.find((word) => word === draft.get('reasoning_effort'))
  if (asked === undefined) return
  if (hasSwitch && (draft.get('thinking') ?? null) === null) {
    draft.set('thinking', { type: asked === 'none' ? 'disabled' : 'enabled' })
  }
  if (hasSwitch && asked === 'none') draft.remove('reasoning_effort')
  else if (efforts !== '')
    draft.set('reasoning_effort', nearestEffort(asked, efforts.split(' ')) ?? undefined)
}

function shapeFormat(draft: Draft, { body }: ChatCall, { json_schema, json_object }: Capabilities): void {
  const type = body.response_format?.type
  if ((type === 'json_schema' && !json_schema) || (type === 'json_object' && !json_object)) {
    throw unsupported(
      'response_format',
      `This model does not support \`response_format\` of type \`${type}\`.`,
    )
  }
}

function needsJsonWord({ body }: ChatCall, { json_word }: Capabilities): boolean {
  return (
    json_word && body.response_format?.type === 'json_object' && !/json/i.test(JSON.stringify(body.messages))
  )
}
