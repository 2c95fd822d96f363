import type { ThinkingBlock } from '../../core/openai.ts'
import type { ChatCall, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { stripFence } from '../shared/json-fence.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { completion } from '../shared/response.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import type { AnswerRules } from './answer-rules.ts'
import { errorName } from './error-names.ts'
import { finishReason } from './finish-reason.ts'
import { readError } from './read-error.ts'
import { readUsage } from './usage.ts'

/**
 * Converse's whole answer as OpenAI's. Its id is AWS's own of the request. Throws GatewayError for what is no answer:
 * a wrong path makes AWS say so with a 200.
 */
export function readResponse(response: UpstreamResponse, call: ChatCall, rules: AnswerRules): ReadResponse {
  const body = parseObject(response.body)
  const message = asObject(asObject(body?.['output'])?.['message'])
  if (body === null || message === null || typeof body['stopReason'] !== 'string') {
    if (errorName(response.headers, body) !== null)
      throw readError({ ...response, connection: call.connection })
    throw malformed('Bedrock answered with something other than a message.')
  }
  const answer = readBlocks(message['content'], call, rules)
  const usage = readUsage(body['usage'])
  const requestId = response.headers['x-amzn-requestid']
  return {
    body: completion({
      call: requestId ? { ...call, id: `chatcmpl-${requestId}` } : call,
      model: call.connection.modelName,
      content: answer.json ?? (rules.output.kind === 'instruction' ? stripFence(answer.text) : answer.text),
      toolCalls: answer.toolCalls,
      reasoning: answer.reasoning,
      thinkingBlocks: answer.thinkingBlocks,
      finishReason: finishReason(body['stopReason'], answer.toolCalls.length),
      usage,
    }),
    usage,
  }
}

interface Answer {
  text: string
  /** Input of the tool that stands for the answer: it is the answer then, and what was said besides is not. */
  json: string | null
  reasoning: string
  readonly thinkingBlocks: ThinkingBlock[]
  readonly toolCalls: { id: string; name: string; arguments: string }[]
}

function readBlocks(content: unknown, call: ChatCall, rules: AnswerRules): Answer {
  const answer: Answer = { text: '', json: null, reasoning: '', thinkingBlocks: [], toolCalls: [] }
  const blocks: unknown[] = Array.isArray(content) ? content : []
  for (const block of blocks.map(asObject)) {
    if (block === null) continue
    answer.text += typeof block['text'] === 'string' ? block['text'] : citedText(block['citationsContent'])
    readReasoning(asObject(block['reasoningContent']), answer)
    readToolUse(asObject(block['toolUse']), answer, call, rules)
  }
  return answer
}

/** Text with sources: the text is the answer's, OpenAI has no place for the sources. */
function citedText(value: unknown): string {
  const content = asObject(value)?.['content']
  const parts: unknown[] = Array.isArray(content) ? content : []
  return parts.map((part) => asText(asObject(part)?.['text']) ?? '').join('')
}

function readReasoning(reasoning: JsonObject | null, answer: Answer): void {
  const redacted = asText(reasoning?.['redactedContent'])
  if (redacted !== null) answer.thinkingBlocks.push({ type: 'redacted_thinking', data: redacted })
  const block = asObject(reasoning?.['reasoningText'])
  const text = block?.['text']
  if (typeof text !== 'string') return
  answer.reasoning += text
  const signature = asText(block?.['signature'])
  if (signature !== null) answer.thinkingBlocks.push({ type: 'thinking', thinking: text, signature })
}

function readToolUse(use: JsonObject | null, answer: Answer, call: ChatCall, rules: AnswerRules): void {
  // A tool that AWS ran itself: its result is in the answer already.
  if (use === null || use['type'] === 'server_tool_use') return
  const input = JSON.stringify(asObject(use['input']) ?? {})
  if (use['name'] === rules.jsonTool) {
    answer.json ??= input
  } else if (rules.showsCalls && typeof use['name'] === 'string') {
    const id = asText(use['toolUseId']) ?? toolCallId(call.id, answer.toolCalls.length)
    answer.toolCalls.push({ id, name: use['name'], arguments: input })
  }
}
