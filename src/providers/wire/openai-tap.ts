import { sseEvent } from '../../core/chat-chunks.ts'
import { GatewayError } from '../../core/errors.ts'
import type { HeaderMap } from '../../core/provider.ts'
import type { StreamFinal, StreamReader, StreamStep } from '../../core/stream-reader.ts'
import type { Usage } from '../../core/usage.ts'
import { isErrorBody } from '../openai/error-shape.ts'
import { FirstRoles } from '../openai/first-roles.ts'
import { readChunk } from '../openai/read-chunk.ts'
import { readStreamError } from '../openai/read-error.ts'
import { emptyArguments, ToolDeltas, type StreamedCall, type ToolFacts } from '../openai/tool-deltas.ts'
import { asObject, parseJson, type JsonObject } from '../shared/json.ts'
import { defaultMaxEventBytes } from './held-bytes.ts'
import { Runs } from './runs.ts'
import { SseFrames } from './sse-frames.ts'
import { readSseFrame } from './sse.ts'

export interface OpenAITapOptions {
  /** The client asked for the usage chunk. */
  readonly includeUsage: boolean
  /** Choices that must finish before an end without `[DONE]` is complete (the request's `n`). */
  readonly expectedFinishes?: number
  /** Events of no delta (Azure's filter results): OpenAI sends none, and clients read `choices[0].delta` blindly. */
  readonly emptyChoices?: 'drop' | 'forward'
  /** The gateway's own id of the call, for tool calls without one. */
  readonly callId?: string
  /** The answer's, for a retry hint on an error in the stream. */
  readonly headers?: HeaderMap
  readonly maxEventBytes?: number
}

export interface OpenAITap extends StreamReader {
  /** Never throws: a failure ends the stream (`finished`), and `end` tells it, after the events before it. */
  push(chunk: Buffer): StreamStep
  /** Idempotent. */
  end(): StreamFinal
}

/**
 * The pass-through of an OpenAI-shaped event stream. Bytes of whole events are forwarded as they came, an unfinished
 * event is held back; comments and the upstream's `[DONE]` are left out (the proxy writes its own), and so is usage:
 * it comes once, last, and only to those who asked. A tool call that ends without arguments is given `{}`, as OpenAI
 * itself does (providers' facts §3.4).
 *
 * Once the first real event has been seen, only events with a suspicious byte sequence are parsed. That misses
 * nothing: inside a JSON string a quote is always escaped, so that a name in quotes with its colon can only be a
 * member, of the chunk or of something in it.
 */
export function createOpenAITap(options: OpenAITapOptions): OpenAITap {
  return new Tap(options)
}

/** `usage` or a finish that is not null, an error in any of its forms, no choices, tool calls, content in parts. */
const suspicious =
  /"(?:usage|finish_reason)"\s*:(?!\s*null)|"error"(?!\s*:\s*null)|"choices"\s*:\s*\[\s*\]|"(?:tool_calls|content)"\s*:\s*\[/

/** An event that begins a tool call while the one before it has no arguments, and may still get them. */
interface Undecided {
  readonly text: string
  readonly passed: StreamedCall
}

/** More than any answer has, each longer than any is: nothing beyond waits. */
const mostUndecided = 128
const longestUndecided = 16_384

class Tap implements OpenAITap {
  readonly #options: OpenAITapOptions
  readonly #frames: SseFrames
  readonly #runs = new Runs()
  readonly #finishes = new Set<number>()
  readonly #tools: ToolDeltas
  readonly #roles = new FirstRoles()
  #undecided: Undecided[] = []
  #events = 0
  #real = false
  #finished = false
  #done = false
  #failure: GatewayError | null = null
  #usage: Usage | null = null
  /** The upstream's own usage chunk, or null where its usage stood elsewhere. */
  #usageChunk: JsonObject | null = null
  #rawUsage: unknown = null
  /** What the chunks of this stream have in common: `id`, `object`, `created`, `model`. */
  #head: JsonObject = {}
  #final: StreamFinal | null = null

  constructor(options: OpenAITapOptions) {
    this.#options = options
    this.#tools = new ToolDeltas(options)
    this.#frames = new SseFrames({ maxEventBytes: options.maxEventBytes ?? defaultMaxEventBytes })
  }

  push(chunk: Buffer): StreamStep {
    this.#events = 0
    if (!this.#finished) {
      try {
        this.#frames.push(chunk, this.#onFrame)
      } catch (error) {
        this.#fail(asGatewayError(error))
      }
    }
    return { output: this.#runs.take(), events: this.#events, real: this.#real, finished: this.#finished }
  }

  end(): StreamFinal {
    this.#final ??= this.#close()
    return this.#final
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number, lines: number): void => {
    if (this.#finished) return
    const text = bytes.toString('latin1', start, end)
    // In the form the gateway itself writes, so that it may go out as it came.
    const plain = lines === 1 && text.startsWith('data: {') && text.endsWith('}\n\n')
    const isQuiet = this.#real && this.#undecided.length === 0 && this.#roles.known >= this.#expected()
    if (plain && isQuiet && !suspicious.test(text) && hasDelta(text)) {
      this.#events++
      this.#runs.add(bytes, start, end)
      return
    }
    const { type, data } = readSseFrame(bytes.toString('utf8', start, end))
    const shown = data === null ? null : this.#inspect(type, data.trim())
    if (shown === null) return
    if (shown === 'as-is' && plain) this.#runs.add(bytes, start, end)
    else this.#runs.addText(shown === 'as-is' ? `data: ${oneLine(data as string)}\n\n` : sseEvent(shown))
  }

  /** What of this event the client sees: it as it is, another in its place, or nothing. */
  #inspect(type: string, data: string): 'as-is' | JsonObject | null {
    if (data === '') return null
    if (data === '[DONE]') {
      this.#done = true
      this.#finished = true
      return null
    }
    const value = parseJson(data)
    const body = asObject(value)
    if (type === 'error' || (body !== null && isErrorBody(body))) {
      const { headers } = this.#options
      return this.#fail(readStreamError(body ?? data, headers === undefined ? {} : { headers }))
    }
    this.#events++
    if (value === undefined && type === 'message') return this.#fail(malformed())
    return body === null ? null : this.#readChunk(body)
  }

  #readChunk(sent: JsonObject): 'as-is' | JsonObject | null {
    const { choices } = sent
    if (!Array.isArray(choices)) return null
    const tools = this.#tools.read(choices)
    const body = tools.rewritten === null ? sent : { ...sent, choices: tools.rewritten }
    const facts = readChunk(body, this.#options.includeUsage)
    if (facts.failed !== null) return this.#fail(failedFinish(facts.failed))
    if (typeof body['id'] === 'string' && body['id'] !== '') {
      const { id, object, created, model } = body
      this.#head = { id, object, created, model }
    }
    if (facts.usage !== null) {
      this.#usage = facts.usage
      this.#usageChunk = facts.choices === 0 ? body : null
      this.#rawUsage = body['usage'] ?? this.#rawUsage
    }
    if (facts.choices === 0 || facts.bare) {
      const hidden = facts.usage !== null || this.#options.emptyChoices !== 'forward'
      return hidden ? null : 'as-is'
    }
    for (const index of facts.finished) this.#finishes.add(index)
    this.#real ||= facts.real
    const told = facts.rewritten ?? body
    const first = this.#roles.give(told)
    const shown = first === sent ? null : first
    return this.#settleTools(tools, shown ?? body, facts.finished.length > 0) ? (shown ?? 'as-is') : null
  }

  /** Says before an event what it tells of the calls before it. False: the event itself has to wait. */
  #settleTools({ fed, passed, ended }: ToolFacts, shown: JsonObject, isFinish: boolean): boolean {
    const mayWait = fed.length === 0 && !isFinish && this.#undecided.length < mostUndecided
    const text = passed !== null && mayWait ? sseEvent(shown) : null
    if (passed !== null && text !== null && text.length <= longestUndecided) {
      this.#undecided.push({ text, passed })
      return false
    }
    this.#decide(fed)
    for (const call of passed === null ? ended : [passed, ...ended]) this.#fill(call)
    return true
  }

  /**
   * Sends on what waited. A call that was passed over has no arguments, unless one of them gets its own now (then the
   * upstream announces its calls first), or the answer breaks off (then nobody knows).
   */
  #decide(fed: readonly StreamedCall[] | 'unknown'): void {
    const isInTurn = fed !== 'unknown' && this.#undecided.every(({ passed }) => !fed.includes(passed))
    for (const { text, passed } of this.#undecided) {
      if (isInTurn) this.#fill(passed)
      this.#runs.addText(text)
    }
    this.#undecided = []
  }

  #fill(call: StreamedCall): void {
    if (!call.empty) return
    call.empty = false
    this.#runs.addText(sseEvent({ ...this.#head, choices: [emptyArguments(call)] }))
  }

  #fail(error: GatewayError): null {
    this.#failure ??= error
    this.#finished = true
    return null
  }

  #expected(): number {
    return this.#options.expectedFinishes ?? 1
  }

  #close(): StreamFinal {
    if (!this.#finished) this.#readRest()
    const finishes = this.#finishes.size
    const complete = this.#done ? finishes > 0 : finishes >= this.#expected()
    const error = this.#failure ?? (complete ? null : cutOff())
    this.#decide(error === null ? [] : 'unknown')
    if (error === null) for (const call of this.#tools.rest()) this.#fill(call)
    if (error === null && this.#options.includeUsage && this.#usage !== null) {
      const { id, object, created, model } = this.#head
      const own = { id, object, created, model, choices: [], usage: this.#rawUsage }
      this.#runs.addText(`data: ${JSON.stringify(this.#usageChunk ?? own)}\n\n`)
    }
    return { output: this.#runs.take(), usage: this.#usage, error }
  }

  /** A last event without its empty line, or no event stream at all. JSON that was cut off never parses. */
  #readRest(): void {
    const rest = this.#frames.rest()
    const text = rest.toString('utf8')
    const whole = parseJson(text)
    const { data } = readSseFrame(text)
    if (whole !== undefined) {
      const body = asObject(whole)
      this.#fail(body !== null && isErrorBody(body) ? readStreamError(body, this.#options) : notAStream())
    } else if (data !== null && (data.trim() === '[DONE]' || parseJson(data) !== undefined)) {
      const ended = Buffer.concat([rest, Buffer.from('\n\n')])
      this.#onFrame(ended, 0, ended.length, 0)
    }
  }
}

function hasDelta(text: string): boolean {
  return text.includes('"choices"') && (text.includes('"delta"') || text.includes('"text"'))
}

/** Data of several lines is one JSON text with white space in it. */
function oneLine(data: string): string {
  return data.includes('\n') ? JSON.stringify(parseJson(data)) : data
}

function failedFinish(reason: string): GatewayError {
  return readStreamError({ error: { message: `it finished with "${reason}"` } })
}

function malformed(): GatewayError {
  return new GatewayError('upstream_error', 'The provider sent an event that is not JSON.', {
    reason: 'provider_down',
  })
}

function notAStream(): GatewayError {
  return new GatewayError('upstream_error', 'The provider was asked for a stream and answered with none.', {
    reason: 'provider_down',
  })
}

function cutOff(): GatewayError {
  return new GatewayError('upstream_error', 'The provider ended the stream before it was finished.', {
    reason: 'network',
  })
}

function asGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError ? error : malformed()
}
