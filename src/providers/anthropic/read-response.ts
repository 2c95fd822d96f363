import type { ThinkingBlock } from '../../core/openai.ts'
import type { ChatCall, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { stripFence } from '../shared/json-fence.ts'
import { asObject, asText, type JsonObject, parseObject, stringIn } from '../shared/json.ts'
import { completion } from '../shared/response.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import { mapFinishReason } from './map-finish-reason.ts'
import { mapUsage, mergeUsage } from './map-usage.ts'
import { readErrorObject } from './read-error.ts'
import type { OutputPlan } from './structured-output.ts'

/** A Message as OpenAI's answer (providers' facts §6.5). Throws GatewayError for what is no Message. */
export function readResponse(response: UpstreamResponse, call: ChatCall, plan: OutputPlan): ReadResponse {
  const message = parseObject(response.body)
  if (message === null) throw malformed('The provider answered with something other than JSON.')
  if (message['type'] === 'error' || asObject(message['error']) !== null)
    throw readErrorObject(message, response.headers)
  const blocks = message['content']
  if (!Array.isArray(blocks)) throw malformed('The provider answered without content.')
  const read = readBlocks(blocks.map(asObject), call, plan)
  const usage = mapUsage(mergeUsage({}, message['usage']))
  const body = completion({
    call,
    model: asText(message['model']) ?? call.connection.modelName,
    ...read,
    finishReason: mapFinishReason(message['stop_reason'], read.toolCalls.length > 0),
    usage,
  })
  return { body, usage }
}

interface ReadBlocks {
  content: string
  reasoning: string
  thinkingBlocks: ThinkingBlock[]
  toolCalls: { id: string; name: string; arguments: string }[]
}

/** Blocks of tools that the provider runs itself, and others not known yet, are passed over. */
function readBlocks(blocks: readonly (JsonObject | null)[], call: ChatCall, plan: OutputPlan): ReadBlocks {
  const read: ReadBlocks = { content: '', reasoning: '', thinkingBlocks: [], toolCalls: [] }
  let answer: string | null = null
  for (const block of blocks) {
    switch (block?.['type']) {
      case 'text':
        read.content += stringIn(block['text'])
        break
      case 'thinking':
        read.reasoning += stringIn(block['thinking'])
        if (asText(block['signature']) !== null) read.thinkingBlocks.push(thinkingBlock(block))
        break
      case 'redacted_thinking':
        read.thinkingBlocks.push({ type: 'redacted_thinking', data: stringIn(block['data']) })
        break
      case 'tool_use': {
        const name = stringIn(block['name'])
        const input = JSON.stringify(block['input'] ?? {})
        if (plan.kind === 'tool' && name === plan.tool.name) answer ??= input
        else {
          const id = asText(block['id']) ?? toolCallId(call.id, read.toolCalls.length)
          read.toolCalls.push({ id, name, arguments: input })
        }
      }
    }
  }
  if (answer !== null) read.content = answer
  else if (plan.kind === 'instruction') read.content = stripFence(read.content)
  return read
}

function thinkingBlock(block: JsonObject): ThinkingBlock {
  return { type: 'thinking', thinking: stringIn(block['thinking']), signature: stringIn(block['signature']) }
}
