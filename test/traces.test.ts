import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatModel, createScene, type Scene } from './support/scene.ts'
import { chatAnswer, sendJson, startUpstream, type Upstream } from './support/upstream.ts'
import { until } from './support/wait.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: { key: string; value: Record<string, string> }[]
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

describe('traces over OTLP', () => {
  let collector: Upstream
  let scene: Scene
  const spans = () =>
    collector.requests.flatMap(
      (request) =>
        (request.json() as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans[0]
          ?.scopeSpans[0]?.spans ?? [],
    )
  const spansOf = (id: string) =>
    until('the spans of the request came', () => {
      const found = spans().filter((span) => span.traceId === id)
      return found.length >= 2 ? found : undefined
    })

  beforeAll(async () => {
    collector = await startUpstream((response) => sendJson(response, {}))
    scene = await createScene({
      upstreams: { first: undefined, second: undefined },
      config: (urls) => ({
        models: [chatModel('gpt', urls)],
        telemetry: { otlp_endpoint: new URL(collector.url).origin },
      }),
    })
  })
  afterAll(async () => {
    await scene.stop()
    await collector.stop()
  })

  it("continue the caller's, and are passed on to the upstream under the attempt's own span", async () => {
    const { first } = scene.upstreams
    const answer = await scene.chat({}, { traceparent: `00-${traceId}-${parentId}-01` })
    expect(answer.status).toBe(200)
    const [request, attempt] = await spansOf(traceId)
    expect(request).toMatchObject({ parentSpanId: parentId, kind: 2, name: 'POST /v1/chat/completions' })
    expect(attempt).toMatchObject({ parentSpanId: request?.spanId, kind: 3, name: 'chat upstream-model' })
    expect(first?.requests.at(-1)?.headers['traceparent']).toBe(`00-${traceId}-${attempt?.spanId}-01`)
    const attributes = Object.fromEntries(
      attempt?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [],
    )
    expect(attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'upstream-model',
      'gen_ai.usage.input_tokens': '7',
      'gen_ai.usage.output_tokens': '3',
    })
    expect(JSON.stringify(spans())).not.toContain('Say hello')
    expect(JSON.stringify(spans())).not.toContain('sk-planted')
  })

  it('show every attempt of a request that failed over', async () => {
    const { first, second } = scene.upstreams
    if (first === undefined || second === undefined) throw new Error('two upstreams')
    first.script = (response) => sendJson(response, { error: { message: 'slow down' } }, 429)
    second.script = chatAnswer('hello')
    const id = '1'.repeat(32)
    await scene.chat({}, { traceparent: `00-${id}-${parentId}-01` })
    const found = await until('both attempts came', () => {
      const now = spans().filter((span) => span.traceId === id)
      return now.length === 3 ? now : undefined
    })
    expect(found.map(({ kind }) => kind)).toEqual([2, 3, 3])
    expect(new Set(found.slice(1).map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set([found[0]?.spanId]),
    )
  })

  it('are not sent where the caller keeps none', async () => {
    const id = '2'.repeat(32)
    await scene.chat({}, { traceparent: `00-${id}-${parentId}-00` })
    const after = '3'.repeat(32)
    await scene.chat({}, { traceparent: `00-${after}-${parentId}-01` })
    await spansOf(after)
    expect(spans().filter((span) => span.traceId === id)).toEqual([])
  })
})
