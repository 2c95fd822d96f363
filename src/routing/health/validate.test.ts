import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FailureReason } from '../../core/failure.ts'
import { until } from '../../upstream/testing/until.ts'
import { createManualTimers } from '../shared/testing/manual-timers.ts'
import { type Asking, createAsking } from './testing/asking.ts'
import {
  apiKey,
  bedrockCase,
  credentialOf,
  type FailureCase,
  openaiCase,
  type ProviderCase,
  providerCases,
} from './testing/provider-cases.ts'
import { type Answer, refusedUrl, startUpstream, type Upstream } from './testing/upstream.ts'
import { createValidate, type Validation, type ValidationQuery } from './validate.ts'

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
})

interface Tried extends Partial<Pick<ValidationQuery, 'modelName' | 'isEmbedding'>> {
  url?: string
  by?: Asking
}

function validate(
  given: ProviderCase,
  { modelName = null, isEmbedding = null, url = upstream.url, by = asking }: Tried = {},
): Promise<Validation> {
  const provider = by.providers.get(given.id)
  if (provider === undefined) throw new Error(`no ${given.id}`)
  return createValidate({ asker: by.asker })({
    credential: credentialOf(given, url),
    provider,
    modelName,
    isEmbedding,
    custom: given.custom ?? null,
    signal: new AbortController().signal,
  })
}

/** Streams are asked for by their path at Bedrock, the only one that is asked so. */
function callScript({ good, goodStream }: ProviderCase) {
  return ({ path }: { path: string }) => (path.endsWith('converse-stream') ? (goodStream ?? good) : good)
}

const reasons: Record<FailureCase, FailureReason> = {
  '401': 'authentication',
  '403': 'permission',
  'unknown model': 'model_not_found',
  quota: 'quota',
  '5xx': 'provider_down',
}

describe.each([...providerCases])('$id, a call of a model', (given) => {
  it('is valid where it answers', async () => {
    upstream.script = callScript(given)
    const validation = await validate(given, { modelName: given.model })
    expect(validation).toEqual({
      valid: true,
      models: null,
      error: null,
      reason: null,
      latency_ms: expect.any(Number) as number,
    })
    expect(upstream.requests).toHaveLength(given.goodStream === undefined ? 1 : 2)
  })

  it.each(Object.entries(given.failures) as [FailureCase, Answer][])('tells %s', async (name, answer) => {
    upstream.script = () => answer
    const validation = await validate(given, { modelName: given.model })
    const reason = reasons[name]
    expect(validation).toMatchObject({ valid: false, models: null, reason })
    const beginning = reason === 'model_not_found' ? 'Model not found: ' : `${answer.status}: `
    expect(validation.error?.startsWith(beginning)).toBe(true)
    expect(validation.error).toMatch(/Check|later|status page/)
    expect(JSON.stringify(validation)).not.toContain(apiKey)
    expect(upstream.requests).toHaveLength(1)
  })

  it('tells a port at which nobody listens', async () => {
    const validation = await validate(given, { modelName: given.model, url: refusedUrl })
    expect(validation).toMatchObject({ valid: false, reason: 'network' })
    expect(validation.error).toMatch(/^502: .*connection refused.*Check the base URL/)
  })

  it('tells an upstream that never answers', async () => {
    upstream.script = () => null
    const timers = createManualTimers()
    const patient = createAsking({ clock: timers.clock, schedule: timers.schedule })
    const validation = validate(given, { modelName: given.model, by: patient })
    await until('the request', () => upstream.requests.length === 1)
    await timers.advance(20_000, async () => {})
    expect(await validation).toMatchObject({
      valid: false,
      reason: 'timeout',
      error: expect.stringMatching(/^504: The upstream gave no whole answer within 20 s\./) as string,
      latency_ms: 20_000,
    })
    await patient.close()
  })
})

describe.each([...providerCases])('$id, its list', (given) => {
  const { list, listsToAnyone = false } = given
  const lists = list as NonNullable<ProviderCase['list']>

  it('is proof, with the names of what gives text or embeddings', async () => {
    upstream.script = () => ({ body: lists.body })
    const validation = await validate(given)
    expect(validation.models).toEqual(lists.names)
    expect(validation.valid).toBe(listsToAnyone ? null : true)
    expect(validation.error?.includes('Name a model') ?? false).toBe(listsToAnyone)
    expect(upstream.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it.each(['401', 'quota', '5xx'] as const)('tells %s', async (name) => {
    const answer = given.failures[name]
    upstream.script = () => answer
    const validation = await validate(given)
    expect(validation).toMatchObject({ valid: false, models: null, reason: reasons[name] })
    expect(validation.error?.startsWith(`${answer.status}: `)).toBe(true)
    expect(validation.error).not.toContain(apiKey)
  })

  it('proves nothing where only the right to list is wanting', async () => {
    upstream.script = () => given.failures['403']
    const validation = await validate(given)
    expect(validation).toMatchObject({ valid: null, models: null, reason: 'permission' })
    expect(validation.error).toMatch(/^403: .*which inference does not need\. Name a model/)
  })

  it('proves nothing where there is none', async () => {
    upstream.script = () => ({ status: 404, body: 'Not Found' })
    const validation = await validate(given)
    expect(validation).toMatchObject({ valid: null, models: null, reason: null })
    expect(validation.error).toMatch(/^404: .*does not list its models/)
  })
})

describe('a list', () => {
  it('names the right that is wanting, of OpenAI’s restricted keys under 401 too', async () => {
    const message = 'You have insufficient permissions for this operation. Missing scopes: api.model.read.'
    upstream.script = () => ({
      status: 401,
      body: { error: { message, type: 'error', param: null, code: null } },
    })
    const validation = await validate(openaiCase)
    expect(validation).toMatchObject({ valid: null, reason: 'permission' })
    expect(validation.error).toContain('lacks `api.model.read`')
    upstream.script = () => bedrockCase.failures['403']
    expect((await validate(bedrockCase)).error).toContain('lacks `bedrock:ListFoundationModels`')
  })

  it.each([
    [true, ['text-embedding-3-small']],
    [false, ['gpt-4o']],
    [null, ['gpt-4o', 'text-embedding-3-small']],
  ])('for is_embedding %s', async (isEmbedding, names) => {
    upstream.script = () => ({ body: openaiCase.list?.body })
    expect((await validate(openaiCase, { isEmbedding })).models).toEqual(names)
  })

  it('goes over its pages, and says where one is refused', async () => {
    const anthropic = providerCases.find(({ id }) => id === 'anthropic') as ProviderCase
    const page = (id: string) => ({ body: { data: [{ id }], has_more: true, last_id: id } })
    upstream.script = ({ path }) =>
      path.includes('after_id=claude-b')
        ? anthropic.failures['5xx']
        : page(path.includes('after_id=claude-a') ? 'claude-b' : 'claude-a')
    const validation = await validate(anthropic)
    expect(validation).toMatchObject({
      valid: true,
      models: ['claude-a', 'claude-b'],
      reason: 'provider_down',
    })
    expect(validation.error).toMatch(/^529: .*The list is not complete\.$/)
  })

  it('has an end, whatever the pages say', async () => {
    const anthropic = providerCases.find(({ id }) => id === 'anthropic') as ProviderCase
    let pages = 0
    upstream.script = () => {
      const id = `claude-${++pages}`
      return { body: { data: [{ id }], has_more: true, last_id: id } }
    }
    const validation = await validate(anthropic)
    expect(validation).toMatchObject({ valid: true, error: null })
    expect(validation.models).toHaveLength(50)
    expect(pages).toBe(50)
  })
})

describe('a call', () => {
  it('is made both ways where streaming is a right of its own', async () => {
    upstream.script = ({ path }) =>
      path.endsWith('converse-stream') ? bedrockCase.failures['403'] : bedrockCase.good
    const validation = await validate(bedrockCase, { modelName: bedrockCase.model })
    expect(validation).toMatchObject({ valid: false, reason: 'permission' })
    expect(validation.error).toContain('403: Streaming: ')
    expect(upstream.requests.map(({ path }) => path.split('/').at(-1))).toEqual([
      'converse',
      'converse-stream',
    ])
  })

  it('is no success where the stream fails after its 200', async () => {
    upstream.script = ({ path }) =>
      path.endsWith('converse-stream')
        ? { headers: { 'content-type': 'application/vnd.amazon.eventstream' }, body: Buffer.alloc(0) }
        : bedrockCase.good
    const validation = await validate(bedrockCase, { modelName: bedrockCase.model })
    expect(validation).toMatchObject({ valid: false, reason: 'provider_down' })
  })

  it('names the inference profile that Bedrock asks for', async () => {
    const message = `Invocation of model ID ${bedrockCase.model} with on-demand throughput isn’t supported.`
    upstream.script = () => ({
      status: 400,
      headers: { 'x-amzn-errortype': 'ValidationException' },
      body: { message },
    })
    const validation = await validate(bedrockCase, { modelName: bedrockCase.model })
    expect(validation).toMatchObject({ valid: false, reason: 'model_not_found' })
    expect(validation.error).toContain(`\`us.${bedrockCase.model}\``)
  })

  it('asks for an embedding where the model gives those, and for nothing where the provider has none', async () => {
    upstream.script = () => ({
      body: {
        object: 'list',
        model: 'm',
        data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
        usage: { prompt_tokens: 1, total_tokens: 1 },
      },
    })
    expect(
      await validate(openaiCase, { modelName: 'text-embedding-3-small', isEmbedding: true }),
    ).toMatchObject({
      valid: true,
    })
    expect(upstream.requests[0]?.path).toBe('/embeddings')
    const anthropic = providerCases.find(({ id }) => id === 'anthropic') as ProviderCase
    const refused = await validate(anthropic, { modelName: 'claude', isEmbedding: true })
    expect(refused).toMatchObject({ valid: false, error: '400: Anthropic has no embeddings.' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('does not reach what the egress guard refuses', async () => {
    const guarded = createAsking({ allowNetworks: [] })
    const validation = await validate(openaiCase, { modelName: 'gpt-4o', by: guarded })
    expect(validation).toMatchObject({ valid: false, reason: 'network' })
    expect(validation.error).toContain('allow_networks')
    expect(upstream.requests).toHaveLength(0)
    await guarded.close()
  })
})

const customCase: ProviderCase = {
  ...openaiCase,
  id: 'custom',
  model: 'in-house',
  type: 'CUSTOM',
  secrets: { api_key: apiKey },
  list: null,
}

describe('a custom API', () => {
  const template = () => ({
    url: `${upstream.url}/generate`,
    method: 'POST',
    headers: { authorization: 'Bearer {{api_key}}' },
    request: '{ "prompt": messages[0].content }',
    response: { text: 'output' },
  })

  it('cannot list, and needs its template to be called', async () => {
    expect(await validate(customCase)).toMatchObject({ valid: null, models: null, latency_ms: 0 })
    expect(await validate(customCase, { modelName: 'in-house' })).toMatchObject({ valid: null })
    expect(upstream.requests).toHaveLength(0)
  })

  it('is valid where it answers by its template', async () => {
    upstream.script = () => ({ body: { output: 'hi' } })
    const given = { ...customCase, custom: template() }
    expect(await validate(given, { modelName: 'in-house' })).toMatchObject({ valid: true, error: null })
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`)
  })

  it('tells a refusal without the secret that came back in it', async () => {
    upstream.script = () => ({ status: 401, body: { message: `no such key: ${apiKey}` } })
    const validation = await validate({ ...customCase, custom: template() }, { modelName: 'in-house' })
    expect(validation).toMatchObject({ valid: false, reason: 'authentication' })
    expect(validation.error).toMatch(/^401: no such key: \[redacted\]\./)
  })
})

it('gives up as soon as nobody waits', async () => {
  upstream.script = () => null
  const leave = new AbortController()
  const provider = asking.providers.get('openai')
  if (provider === undefined) throw new Error('no openai')
  const validation = createValidate({ asker: asking.asker })({
    credential: credentialOf(openaiCase, upstream.url),
    provider,
    modelName: 'gpt-4o',
    isEmbedding: null,
    signal: leave.signal,
  })
  await until('the request', () => upstream.requests.length === 1)
  leave.abort()
  expect(await validation).toMatchObject({ valid: false, reason: null })
  expect(asking.faults).toEqual([])
})
