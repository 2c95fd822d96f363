import { describe, expect, it } from 'vitest'
import { providerSuite } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { answerFixtures } from './fixtures/answers.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { errorFixtures } from './fixtures/errors.ts'
import { streamFixtures } from './fixtures/streams.ts'
import { createGoogle } from './provider.ts'

const provider = createGoogle()
const fixtures = { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures }

providerSuite({ name: 'google', provider, fixtures })

describe('google', () => {
  it('is among the providers', () => {
    expect(createProviders().get('google')?.id).toBe('google')
  })

  it('signs by what the credential is', () => {
    expect(provider.signer(gemini().credential)).toBe('x-goog-api-key')
    expect(provider.signer(vertex().credential)).toBe('google-service-account')
  })

  it('is probed with a real, minimal call of each kind', () => {
    const connection = gemini()
    expect(provider.probe(connection)).toMatchObject({ operation: 'chat', body: { max_tokens: 16 } })
    expect(provider.probe({ ...connection, kind: 'embedding' })).toMatchObject({
      operation: 'embeddings',
      body: { input: 'ping' },
    })
  })
})
