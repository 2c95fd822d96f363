import { sseEvent, usageBody, usageChunk } from '../../core/chat-chunks.ts'
import type { ChatChunk, ChatCompletion, ChatDelta, ChatMessage, FinishReason } from '../../core/openai.ts'
import type { Usage } from '../../core/usage.ts'
import { type EchoAnswer, type EchoStamp, events, json, refusal, wordUsage } from './answer.ts'
import { countWords, splitWords } from './words.ts'

/** `POST /v1/chat/completions`: the last user message comes back, word by word where a stream was asked for. */
export function echoChat(body: Record<string, unknown>, { id, created }: EchoStamp): EchoAnswer {
  const { messages, model } = body
  if (!Array.isArray(messages) || messages.length === 0 || typeof model !== 'string') {
    return refusal(400, '`model` and `messages` are required.', 'messages')
  }
  const spoken = (messages as ChatMessage[]).map((message) => ({
    role: message?.role,
    text: textOf(message),
  }))
  const text = spoken.findLast(({ role }) => role === 'user')?.text ?? ''
  const input = spoken.reduce((sum, said) => sum + countWords(said.text), 0)
  const usage = wordUsage(input, countWords(text))
  const head = { id: `chatcmpl-${id}`, created, model }
  if (body['stream'] !== true) return json(completion(head, text, usage))
  const options = body['stream_options'] as { include_usage?: unknown } | null | undefined
  return events(stream(head, text, options?.include_usage === true ? usage : null))
}

interface Head extends EchoStamp {
  readonly model: string
}

function completion(head: Head, text: string, usage: Usage): ChatCompletion {
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: usageBody(usage),
  }
}

function* stream(head: Head, text: string, usage: Usage | null): Generator<string> {
  // With usage asked for, every chunk before it says that it has none.
  const none = usage === null ? {} : { usage: null }
  const chunk = (delta: ChatDelta, finish: FinishReason | null): ChatChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...none,
  })
  yield sseEvent(chunk({ role: 'assistant', content: '', refusal: null }, null))
  for (const word of splitWords(text)) yield sseEvent(chunk({ content: word }, null))
  yield sseEvent(chunk({}, 'stop'))
  if (usage !== null) yield sseEvent(usageChunk(head.id, head.created, head.model, usage))
  yield 'data: [DONE]\n\n'
}

/** The text of a message, whatever else it holds. */
function textOf(message: ChatMessage | null | undefined): string {
  const content = message?.content
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (part?.type === 'text' ? part.text : '')).join('')
}
