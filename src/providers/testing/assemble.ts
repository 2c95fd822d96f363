import type { Usage } from '../../core/usage.ts'
import { readUsage } from '../openai/read-usage.ts'
import { asObject, parseObject, type JsonObject } from '../shared/json.ts'

/** What a client makes of an answer: its first choice. */
export interface Assembled {
  readonly text: string
  readonly reasoning: string
  readonly refusal: string
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[]
  readonly finishReason: string | null
  readonly usage: Usage | null
}

/** Puts the events of a stream together, as OpenAI's SDK does. */
export function assembleStream(events: readonly string[]): Assembled {
  const texts = { text: '', reasoning: '', refusal: '' }
  const toolCalls: { name: string; arguments: string }[] = []
  let finishReason: string | null = null
  let usage: Usage | null = null
  for (const event of events) {
    const chunk = parseObject(event)
    if (chunk === null) throw new Error(`an event is no JSON object: ${event}`)
    usage = readUsage(chunk['usage']) ?? usage
    for (const choice of listOf(chunk['choices']).filter(({ index }) => index === 0)) {
      if (typeof choice['finish_reason'] === 'string') finishReason = choice['finish_reason']
      const delta = asObject(choice['delta']) ?? choice
      addTexts(texts, delta)
      for (const call of listOf(delta['tool_calls'])) addToolCall(toolCalls, call)
    }
  }
  return { ...texts, toolCalls, finishReason, usage }
}

/** The same of a whole answer, chat or completions. */
export function assembleAnswer(body: JsonObject): Assembled {
  const texts = { text: '', reasoning: '', refusal: '' }
  const choice = listOf(body['choices']).find(({ index }) => index === 0 || index === undefined) ?? {}
  const message = asObject(choice['message']) ?? choice
  addTexts(texts, message)
  const toolCalls: { name: string; arguments: string }[] = []
  for (const [index, call] of listOf(message['tool_calls']).entries())
    addToolCall(toolCalls, { ...call, index })
  const finish = choice['finish_reason']
  return {
    ...texts,
    toolCalls,
    finishReason: typeof finish === 'string' ? finish : null,
    usage: readUsage(body['usage']),
  }
}

function addTexts(texts: { text: string; reasoning: string; refusal: string }, delta: JsonObject): void {
  texts.text += stringOf(delta['content'] ?? delta['text'])
  texts.reasoning += stringOf(delta['reasoning_content'] ?? delta['reasoning'])
  texts.refusal += stringOf(delta['refusal'])
}

function addToolCall(calls: { name: string; arguments: string }[], fragment: JsonObject): void {
  const index = Number(fragment['index'])
  const fields = asObject(fragment['function']) ?? {}
  const call = (calls[index] ??= { name: '', arguments: '' })
  call.name += stringOf(fields['name'])
  call.arguments += stringOf(fields['arguments'])
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function listOf(value: unknown): JsonObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list.map(asObject).filter((item) => item !== null)
}
