import { GatewayError } from '../../core/errors.ts'
import type { ChatChunk } from '../../core/openai.ts'
import type { ChatCall, StreamEnd, StreamTranslator, WireEvent } from '../../core/provider.ts'
import type { Usage } from '../../core/usage.ts'
import { createChunks } from '../shared/chunks.ts'
import { answerFault } from './expression-error.ts'
import type { ExpressionPool } from './expression-pool.ts'
import { isTruthy, textIn, throwFound, usageIn } from './read-values.ts'
import { streamExpressions, templateOf } from './template.ts'

/** OpenAI's own last event, which many APIs have taken over. */
const lastEvent = '[DONE]'

/**
 * Reads a stream by the template's `stream`, each event as JSON; where the data of an SSE event is
 * none, as a text. The stream is whole
 * once `done` is true or `[DONE]` has come; a template without `done` takes the body's proper end for it, if there was
 * any text.
 */
export function openStreamTranslator(pool: ExpressionPool, call: ChatCall): StreamTranslator {
  const template = templateOf(call.connection)
  const expressions = streamExpressions(template)
  // Lines are JSON by their format; the data of SSE may be anything.
  const allowText = template.stream?.format === 'sse'
  const endsByItself = template.stream?.done === undefined
  const chunks = createChunks(call)
  let usage: Usage | null = null
  let finished = false
  let hasText = false

  async function push({ data }: WireEvent): Promise<ChatChunk[]> {
    if (data.trim() === lastEvent) return finish()
    const values = await pool.run({ expressions, input: data, allowText }).catch((error: unknown) => {
      throw answerFault(error)
    })
    throwFound(values['stream.error'], { inStream: true })
    const text = textIn(values['stream.delta'], 'stream.delta') ?? ''
    hasText ||= text !== ''
    chunks.content(text)
    usage = usageIn(values, 'stream') ?? usage
    return isTruthy(values['stream.done']) ? finish() : chunks.take()
  }

  function finish(): ChatChunk[] {
    finished = true
    chunks.finish('stop')
    return chunks.take()
  }

  function end(): StreamEnd {
    if (finished) return { chunks: [], usage, error: null }
    if (endsByItself && hasText) return { chunks: finish(), usage, error: null }
    const error = new GatewayError(
      'upstream_error',
      'The provider ended the stream before the answer was complete.',
      {
        reason: 'network',
      },
    )
    return { chunks: [], usage, error }
  }

  return {
    push,
    end,
    get finished() {
      return finished
    },
  }
}
