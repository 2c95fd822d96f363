import { describe, expect, it } from 'vitest'
import type { ChatChunk } from '../../core/openai.ts'
import type { Translator, UpstreamRequest } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import { providerSuite, type StreamFixture } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { testConnection } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import { answerFixtures, errorFixtures, streamFixtures } from './fixtures.ts'
import { createAzureOpenAI } from './provider.ts'

const provider = createAzureOpenAI()

it('hides chunks without a delta: clients read it blindly', async () => {
  const { call, bytes } = streamFixtures[0] as StreamFixture
  const { events } = await runStream({
    translator: provider.operations.chat as Translator,
    call,
    chunks: [bytes],
  })
  const choices = events.map((event) => (JSON.parse(event) as ChatChunk).choices)
  expect(choices.flat().every(({ delta }) => typeof delta === 'object')).toBe(true)
  expect(choices.slice(0, -1).every(({ length }) => length === 1)).toBe(true)
})

providerSuite({
  name: 'azure_openai',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

const settings = { azure_endpoint: 'https://res.openai.azure.com', api_version: '2024-10-21' }
const { credential } = testConnection({ settings })

it('is in the catalogue, as a protocol of its own', () => {
  const listed = createProviders().get('azure_openai')
  expect(listed?.name).toBe('Azure OpenAI')
  expect(listed?.presetOf).toBeUndefined()
})

it('signs with the key, or as an Entra application', () => {
  expect(provider.signer(credential)).toBe('api-key')
  const application = { ...credential, secrets: { azure_client_secret: new Secret('not-a-real-secret') } }
  expect(provider.signer(application)).toBe('entra')
})

it('asks for a resource and a version; everything else is one of two ways in', () => {
  const required = provider.fields.filter((field) => field.required).map(({ name }) => name)
  expect(required).toEqual(['azure_endpoint', 'api_version'])
  const secret = provider.fields.filter((field) => field.secret).map(({ name }) => name)
  expect(secret).toEqual(['api_key', 'azure_client_secret'])
})

describe('the list of models', () => {
  const request = provider.listModels?.request(credential) as UpstreamRequest
  const read = (body: object) =>
    provider.listModels?.read({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) }, request)

  it('is asked of the resource, and proves the credential', () => {
    expect(request.url).toBe('https://res.openai.azure.com/openai/models?api-version=2024-10-21')
    expect(() => read({ error: { code: '401', message: 'no' } })).toThrow('')
    expect(() => read({})).toThrow(expect.objectContaining({ reason: 'provider_down' }))
  })

  it('names none: it tells base models, and requests name deployments', () => {
    expect(read({ object: 'list', data: [{ id: 'gpt-4o', object: 'model' }] })).toEqual({
      models: [],
      next: null,
    })
  })
})

describe('a probe', () => {
  const probe = (modelName: string, capabilities = {}) =>
    provider.probe(testConnection({ modelName, settings, overrides: { capabilities } }))

  it('is one token where the model is known, and unlimited where it is not', () => {
    expect(probe('gpt-4o')).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
    expect(probe('prod', { reasoning_model: true })).toMatchObject({ body: { max_tokens: 64 } })
    expect(Object.keys(probe('prod').body)).toEqual(['model', 'messages'])
    expect(probe('gpt-35-turbo-instruct')).toMatchObject({ operation: 'completions' })
  })

  it('is an embedding for an embedding model', () => {
    const connection = { ...testConnection({ settings }), kind: 'embedding' as const }
    expect(provider.probe(connection)).toMatchObject({ operation: 'embeddings', body: { input: 'ping' } })
  })
})
