import { describe, expect, it } from 'vitest'
import { createExporter, type PostJson } from './exporter.ts'
import type { Span } from './spans.ts'

function makeSpan(number: number): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId: number.toString(16).padStart(16, '0'),
    name: `span ${number}`,
    kind: 2,
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
    attributes: [],
    status: { code: 0 },
  }
}

interface Posted {
  readonly url: string
  readonly names: readonly string[]
}

interface Body {
  readonly resourceSpans: readonly [{ readonly scopeSpans: readonly [{ readonly spans: readonly Span[] }] }]
}

/** An exporter whose next round begins when the test says so. */
function createScene(answers: (number | Error)[]) {
  const posted: Posted[] = []
  const failures: { error: unknown; dropped: number }[] = []
  let nextRound = () => {}
  const post: PostJson = async (url, body) => {
    const { spans } = (JSON.parse(body) as Body).resourceSpans[0].scopeSpans[0]
    posted.push({ url, names: spans.map(({ name }) => name) })
    const answer = answers.shift() ?? 200
    if (answer instanceof Error) throw answer
    return answer
  }
  const exporter = createExporter({
    endpoint: 'http://collector:4318/',
    post,
    version: '1',
    onFailure: (detail) => failures.push(detail),
    pause: (_ms, signal) =>
      new Promise((resolve) => {
        nextRound = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
  })
  const round = async () => {
    nextRound()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { exporter, posted, failures, round }
}

describe('the span exporter', () => {
  it('sends what has gathered, in batches', async () => {
    const { exporter, posted, round } = createScene([])
    exporter.add(Array.from({ length: 600 }, (_, index) => makeSpan(index)))
    await round()
    expect(posted.map(({ url, names }) => [url, names.length])).toEqual([
      ['http://collector:4318/v1/traces', 512],
      ['http://collector:4318/v1/traces', 88],
    ])
    await exporter.close(100)
  })

  it('keeps spans for a collector that is away, and says so once', async () => {
    const { exporter, posted, failures, round } = createScene([new Error('refused'), 503, 200, 500])
    exporter.add([makeSpan(1)])
    await round()
    await round()
    expect(failures).toMatchObject([{ error: { message: 'refused' }, dropped: 0 }])
    await round()
    expect(posted.map(({ names }) => names)).toEqual([['span 1'], ['span 1'], ['span 1']])
    exporter.add([makeSpan(2)])
    await round()
    expect(failures).toHaveLength(2)
    await exporter.close(100)
  })

  it('lets go of what the collector refuses', async () => {
    const { exporter, posted, failures, round } = createScene([400])
    exporter.add([makeSpan(1), makeSpan(2)])
    await round()
    await round()
    expect(posted).toHaveLength(1)
    expect(failures).toMatchObject([{ dropped: 2 }])
    await exporter.close(100)
  })

  it('keeps no more than its bound, the newest', async () => {
    const { exporter, posted, round } = createScene([])
    exporter.add(Array.from({ length: 9_000 }, (_, index) => makeSpan(index)))
    await round()
    const names = posted.flatMap((post) => post.names)
    expect(names).toHaveLength(8_192)
    expect(names.at(-1)).toBe('span 8999')
    await exporter.close(100)
  })

  it('sends what is left when it closes', async () => {
    const { exporter, posted } = createScene([])
    exporter.add([makeSpan(1)])
    await exporter.close(100)
    expect(posted.map(({ names }) => names)).toEqual([['span 1']])
  })
})
