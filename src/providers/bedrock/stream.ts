import type { ChatChunk, FinishReason } from '../../core/openai.ts'
import type { ChatCall, StreamEnd, StreamTranslator, WireEvent } from '../../core/provider.ts'
import type { Usage } from '../../core/usage.ts'
import { type AnswerText, createAnswerText } from '../anthropic/answer-text.ts'
import { createChunks, type Chunks } from '../shared/chunks.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import type { AnswerRules } from './answer-rules.ts'
import { finishReason } from './finish-reason.ts'
import { readStreamError } from './read-error.ts'
import { createReasoning, type Reasoning } from './stream-reasoning.ts'
import { readUsage } from './usage.ts'

/** What is known of a block that has begun. Text and reasoning begin by themselves. */
type OpenBlock =
  | { readonly kind: 'tool'; readonly index: number }
  /** The tool whose input is the answer. */
  | { readonly kind: 'json'; hasInput: boolean }
  /** Not shown: a call that is to be left out, a tool that AWS runs itself, its result, an image. */
  | { readonly kind: 'hidden' }

/** ConverseStream's events as OpenAI's chunks (providers' facts §7.7). */
export function openStream(call: ChatCall, rules: AnswerRules): StreamTranslator {
  return new ConverseStream(call, rules)
}

class ConverseStream implements StreamTranslator {
  readonly #call: ChatCall
  readonly #rules: AnswerRules
  readonly #chunks: Chunks
  readonly #reasoning: Reasoning
  readonly #text: AnswerText
  readonly #blocks = new Map<unknown, OpenBlock>()
  /** Known from the stop on. */
  #reason: FinishReason | null = null
  #usage: Usage | null = null
  #isAnswered = false
  finished = false

  constructor(call: ChatCall, rules: AnswerRules) {
    this.#call = call
    this.#rules = rules
    this.#chunks = createChunks(call)
    this.#reasoning = createReasoning(this.#chunks)
    this.#text = createAnswerText(this.#chunks, rules.output)
  }

  push(event: WireEvent): ChatChunk[] {
    if (event.kind !== 'event') throw readStreamError(event, this.#call.connection)
    const handler = Object.hasOwn(this.#handlers, event.type) ? this.#handlers[event.type] : undefined
    if (handler !== undefined) {
      const body = parseObject(event.data)
      if (body === null) throw malformed(`Bedrock sent a \`${event.type}\` event that is no JSON object.`)
      handler(body)
    }
    // Usage comes after the stop, and it is the last that counts; until then the finish waits.
    if (this.#usage !== null) this.#finish()
    return this.#chunks.take()
  }

  end(): StreamEnd {
    this.#finish()
    const error = this.finished ? null : malformed('Bedrock broke off before the answer was complete.')
    return { chunks: this.#chunks.take(), usage: this.#usage, error }
  }

  readonly #handlers: Readonly<Record<string, (body: JsonObject) => void>> = {
    contentBlockStart: (body) => this.#start(body['contentBlockIndex'], asObject(body['start'])),
    contentBlockDelta: (body) => this.#delta(body['contentBlockIndex'], asObject(body['delta'])),
    contentBlockStop: (body) => this.#stop(body['contentBlockIndex']),
    messageStop: ({ stopReason }) => {
      if (typeof stopReason !== 'string') throw malformed('Bedrock stopped without a reason.')
      this.#reason = finishReason(stopReason, this.#chunks.toolCount)
    },
    metadata: ({ usage }) => {
      this.#usage = readUsage(usage) ?? this.#usage
    },
  }

  #start(at: unknown, start: JsonObject | null): void {
    const use = asObject(start?.['toolUse'])
    if (use !== null) this.#blocks.set(at, this.#startTool(use))
    else if (start !== null && Object.keys(start).length > 0) this.#blocks.set(at, { kind: 'hidden' })
  }

  #startTool({ toolUseId, name, type }: JsonObject): OpenBlock {
    this.#reasoning.end()
    if (type !== 'server_tool_use' && name === this.#rules.jsonTool) return this.#startAnswer()
    if (type === 'server_tool_use' || !this.#rules.showsCalls || typeof name !== 'string')
      return { kind: 'hidden' }
    const id = asText(toolUseId) ?? toolCallId(this.#call.id, this.#chunks.toolCount)
    return { kind: 'tool', index: this.#chunks.startTool({ id, name }) }
  }

  /** The first is the answer; another would make two of it. */
  #startAnswer(): OpenBlock {
    if (this.#isAnswered) return { kind: 'hidden' }
    this.#isAnswered = true
    return { kind: 'json', hasInput: false }
  }

  #delta(at: unknown, delta: JsonObject | null): void {
    const block = this.#blocks.get(at)
    if (delta === null || block?.kind === 'hidden') return
    const reasoning = asObject(delta['reasoningContent'])
    if (reasoning !== null) return this.#reasoning.delta(reasoning)
    if (typeof delta['text'] === 'string') {
      this.#reasoning.end()
      this.#text.text(delta['text'])
    }
    const input = asObject(delta['toolUse'])?.['input']
    if (typeof input === 'string' && input !== '') this.#toolInput(block, input)
  }

  #toolInput(block: OpenBlock | undefined, input: string): void {
    if (block?.kind === 'tool') {
      this.#chunks.toolArguments(block.index, input)
    } else if (block?.kind === 'json') {
      block.hasInput = true
      this.#text.answer(input)
    }
  }

  #stop(at: unknown): void {
    const block = this.#blocks.get(at)
    this.#blocks.delete(at)
    this.#reasoning.end()
    if (block?.kind === 'tool') this.#chunks.endTool(block.index)
    else if (block?.kind === 'json' && !block.hasInput) this.#text.answer('{}')
  }

  #finish(): void {
    if (this.finished || this.#reason === null) return
    this.finished = true
    this.#reasoning.end()
    this.#text.end()
    this.#chunks.finish(this.#reason)
  }
}
