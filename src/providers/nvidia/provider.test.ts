import { expect, it } from 'vitest'
import type { UpstreamRequest } from '../../core/provider.ts'
import { providerSuite } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { testConnection } from '../testing/chat-call.ts'
import { answerFixtures, errorFixtures, streamFixtures } from './fixtures.ts'
import { createNvidia } from './provider.ts'

const provider = createNvidia()
const { credential } = testConnection({ settings: { base_url: 'http://nim.test:8000/v1' } })

providerSuite({
  name: 'nvidia',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

it('is in the catalogue, as a protocol of its own', () => {
  const listed = createProviders().get('nvidia')
  expect(listed?.baseUrl).toBe('https://integrate.api.nvidia.com/v1')
  expect(listed?.presetOf).toBeUndefined()
})

it('needs no key where it is one’s own', () => {
  expect(provider.fields.filter(({ required }) => required)).toEqual([])
  expect(provider.signer(credential)).toBe('bearer')
  expect(provider.signer({ ...credential, secrets: {} })).toBe('none')
})

it('lists its models, embedding models as such', () => {
  const request = provider.listModels?.request(credential) as UpstreamRequest
  expect(request.url).toBe('http://nim.test:8000/v1/models')
  const ids = ['meta/llama-3.3-70b-instruct', 'nvidia/nv-embedqa-e5-v5', 'nvidia/nv-rerankqa-mistral-4b-v3']
  const body = Buffer.from(JSON.stringify({ object: 'list', data: ids.map((id) => ({ id })) }))
  expect(provider.listModels?.read({ status: 200, headers: {}, body }, request).models).toEqual([
    { id: ids[0], kind: 'chat' },
    { id: ids[1], kind: 'embedding' },
  ])
})

it('is probed with one token, or with one word', () => {
  expect(provider.probe(testConnection())).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
  const embedder = { ...testConnection(), kind: 'embedding' as const }
  expect(provider.probe(embedder)).toMatchObject({ operation: 'embeddings', body: { input: 'ping' } })
})
