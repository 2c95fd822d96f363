import { sseEvent, usageBody } from '../../core/chat-chunks.ts'
import { type EchoAnswer, type EchoStamp, events, json, refusal, wordUsage } from './answer.ts'
import { countWords, splitWords } from './words.ts'

/** `POST /v1/completions`: every prompt comes back as its own choice. */
export function echoCompletions(body: Record<string, unknown>, { id, created }: EchoStamp): EchoAnswer {
  const { prompt, model } = body
  const prompts: unknown[] = typeof prompt === 'string' ? [prompt] : Array.isArray(prompt) ? prompt : []
  if (typeof model !== 'string' || prompts.length === 0 || !prompts.every(isText)) {
    return refusal(400, '`model` and `prompt`, as text, are required.', 'prompt')
  }
  const words = prompts.reduce((sum, text) => sum + countWords(text), 0)
  const usage = usageBody(wordUsage(words, words))
  const head = { id: `cmpl-${id}`, object: 'text_completion' as const, created, model }
  if (body['stream'] !== true) {
    const choices = prompts.map((text, index) => ({ text, index, logprobs: null, finish_reason: 'stop' }))
    return json({ ...head, choices, usage })
  }
  const options = body['stream_options'] as { include_usage?: unknown } | null | undefined
  return events(stream(head, prompts, options?.include_usage === true ? usage : null))
}

function* stream(head: object, prompts: readonly string[], usage: object | null): Generator<string> {
  const none = usage === null ? {} : { usage: null }
  const chunk = (index: number, text: string, finish: 'stop' | null) =>
    sseEvent({ ...head, choices: [{ text, index, logprobs: null, finish_reason: finish }], ...none })
  for (const [index, prompt] of prompts.entries()) {
    for (const word of splitWords(prompt)) yield chunk(index, word, null)
    yield chunk(index, '', 'stop')
  }
  if (usage !== null) yield sseEvent({ ...head, choices: [], usage })
  yield 'data: [DONE]\n\n'
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
