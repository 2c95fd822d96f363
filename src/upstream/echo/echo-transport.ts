import { randomUUID } from 'node:crypto'
import { wholeBody } from '../../core/body.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { Transport } from '../../core/transport.ts'
import { systemTimers, type Timers } from '../deadlines.ts'
import { type EchoAnswer, type EchoStamp, json, refusal } from './answer.ts'
import { echoChat } from './chat.ts'
import { echoCompletions } from './completions.ts'
import { EchoExchange } from './echo-exchange.ts'
import { echoEmbeddings } from './embeddings.ts'

export interface EchoOptions {
  /** Between two words, ms. */
  readonly delayMs?: number
  readonly clock?: Clock
  readonly timers?: Timers
  readonly makeId?: () => string
}

const operations: Readonly<Record<string, (body: Record<string, unknown>, stamp: EchoStamp) => EchoAnswer>> =
  {
    '/v1/chat/completions': echoChat,
    '/v1/completions': echoCompletions,
    '/v1/embeddings': echoEmbeddings,
  }

/** The built-in upstream `internal://echo`: OpenAI's API in this process, without a socket or an account. */
export function createEcho({
  delayMs = 0,
  clock = systemClock,
  timers = systemTimers,
  makeId = randomUUID,
}: EchoOptions = {}): Transport {
  function answer({ url, method, body }: UpstreamRequest): EchoAnswer {
    const { pathname } = new URL(url)
    const created = Math.floor(clock.now() / 1000)
    if (method === 'GET' && pathname === '/v1/models') return modelList
    const operation = Object.hasOwn(operations, pathname) ? operations[pathname] : undefined
    if (operation === undefined || method !== 'POST') return refusal(404, 'Unknown request URL.')
    const parsed = parse(body)
    return parsed === null
      ? refusal(400, 'The body is no JSON object.')
      : operation(parsed, { id: makeId(), created })
  }

  return {
    async dispatch(request, dispatch) {
      dispatch.signal.throwIfAborted()
      return new EchoExchange({ answer: answer(request), dispatch, clock, timers, delayMs })
    },
  }
}

const modelList = json({
  object: 'list',
  data: [{ id: 'echo', object: 'model', created: 0, owned_by: 'modelgate' }],
})

function parse(body: UpstreamRequest['body']): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(wholeBody(body)).toString())
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
