import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeConnection } from '../testing/scene.ts'
import { type Asking, createAsking } from './testing/asking.ts'
import { accountAt } from './testing/fleet.ts'
import { apiKey, bedrockCase, chatAnswer, credentialOf } from './testing/provider-cases.ts'
import { startUpstream, type Upstream } from './testing/upstream.ts'

let upstream: Upstream
let asking: Asking

beforeAll(async () => {
  upstream = await startUpstream()
  asking = createAsking()
})
afterAll(async () => {
  await asking.close()
  await upstream.stop()
})
beforeEach(() => {
  upstream.requests.length = 0
  asking.faults.length = 0
})

const messages = [{ role: 'user', content: 'Say hi.' }]
const signal = new AbortController().signal
const openai = () => makeConnection('a', { credential: accountAt(upstream), provider: 'openai' })
const ask = (change: Partial<Parameters<Asking['asker']['ask']>[0]> = {}) =>
  asking.asker.ask({
    connection: openai(),
    operation: 'chat',
    body: { model: 'gpt', messages },
    signal,
    ...change,
  })

describe('a question', () => {
  it('is answered with its text and usage', async () => {
    upstream.script = () => chatAnswer
    expect(await ask()).toMatchObject({
      ok: true,
      text: 'hi',
      dimensions: null,
      usage: { input: 7, output: 3 },
      latencyMs: expect.any(Number) as number,
    })
    expect(JSON.parse(upstream.requests[0]?.body ?? '')).toMatchObject({ model: 'gpt-upstream' })
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`)
  })

  it('of embeddings is answered with their length', async () => {
    upstream.script = () => ({
      body: {
        object: 'list',
        model: 'm',
        data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2, 0.3] }],
        usage: { prompt_tokens: 1, total_tokens: 1 },
      },
    })
    const connection = { ...openai(), kind: 'embedding' as const }
    expect(
      await ask({ connection, operation: 'embeddings', body: { model: 'gpt', input: 'ping' } }),
    ).toMatchObject({
      ok: true,
      text: null,
      dimensions: 3,
    })
  })

  it('may be streamed, as OpenAI streams', async () => {
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({
        id: 'c',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })}\n\n`
    const events = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'h' }),
      chunk({ content: 'i' }),
    ]
    const end = [chunk({}, 'stop'), 'data: [DONE]\n\n']
    const headers = { 'content-type': 'text/event-stream' }
    upstream.script = () => ({ headers, body: [...events, ...end].join('') })
    expect(await ask({ stream: true })).toMatchObject({ ok: true, text: 'hi' })
    upstream.script = () => ({ headers, body: events.join('') })
    expect(await ask({ stream: true })).toMatchObject({ ok: false, reason: 'network' })
  })

  it('may be streamed, as Bedrock streams', async () => {
    upstream.script = () => bedrockCase.goodStream ?? {}
    const credential = credentialOf(bedrockCase, upstream.url)
    const connection = makeConnection('a', { credential, provider: 'bedrock', modelName: bedrockCase.model })
    expect(await ask({ connection, stream: true })).toMatchObject({
      ok: true,
      text: 'hi',
      usage: { input: 7, output: 3 },
    })
  })

  it('that the provider has no operation for is refused here', async () => {
    const connection = { ...openai(), provider: 'anthropic' }
    expect(await ask({ connection, operation: 'embeddings', body: { input: 'ping' } })).toMatchObject({
      ok: false,
      reason: null,
      status: null,
      message: 'Anthropic has no embeddings.',
    })
    expect(upstream.requests).toEqual([])
  })

  it.each([
    ['not JSON', 'hello'],
    ['an error under 200', { error: { message: 'overloaded', type: 'server_error', code: null } }],
    ['nothing', ''],
  ])('is not answered by %s', async (_, body) => {
    upstream.script = () => ({ body })
    expect(await ask()).toMatchObject({ ok: false, reason: 'provider_down' })
  })

  it('is answered without the secret that came back in a refusal', async () => {
    upstream.script = () => ({
      status: 422,
      body: { error: { message: `bad header Bearer ${apiKey}`, type: 'e', param: null, code: null } },
    })
    const asked = await ask()
    expect(asked).toMatchObject({ ok: false, reason: null, status: 422 })
    expect(JSON.stringify(asked)).not.toContain(apiKey)
    expect(asked.ok || asked.error.message).not.toContain(apiKey)
  })

  it('that is a fault of the gateway’s own is told to whoever logs', async () => {
    const connection = { ...openai(), provider: 'nobody' }
    expect(await ask({ connection })).toMatchObject({
      ok: false,
      reason: null,
      message: 'The gateway failed to ask the upstream.',
    })
    expect(asking.faults).toHaveLength(1)
  })
})
