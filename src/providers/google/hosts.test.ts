import { describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { type Body, build, hi } from './fixtures/requests.ts'

describe('where requests go', () => {
  const chatUrl = async (connection: Connection, body: Body = {}) =>
    (await build({ body: { messages: hi, ...body }, connection })).request.url
  const place = '/v1/projects/demo/locations'

  it.each([
    [gemini(), 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent'],
    [
      gemini({ modelName: 'tunedModels/mine-1' }),
      'https://generativelanguage.googleapis.com/v1beta/tunedModels/mine-1:generateContent',
    ],
    [
      gemini({ settings: { base_url: 'https://proxy.example/google/v1beta/' } }),
      'https://proxy.example/google/v1beta/models/gemini-2.5-flash:generateContent',
    ],
    [
      vertex(),
      `https://us-central1-aiplatform.googleapis.com${place}/us-central1/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      vertex({ settings: { gcp_location: 'global' } }),
      `https://aiplatform.googleapis.com${place}/global/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      vertex({ settings: { gcp_location: 'eu' } }),
      `https://aiplatform.eu.rep.googleapis.com${place}/eu/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      { ...vertex(), region: 'europe-west4' },
      `https://europe-west4-aiplatform.googleapis.com${place}/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      vertex({ modelName: 'publishers/google/models/gemini-2.0-flash@001' }),
      `https://us-central1-aiplatform.googleapis.com${place}/us-central1/publishers/google/models/gemini-2.0-flash@001:generateContent`,
    ],
    [
      vertex({ modelName: 'google/gemini-2.5-flash', settings: { base_url: 'https://psc.example/' } }),
      `https://psc.example${place}/us-central1/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      vertex({ modelName: 'endpoints/4711' }),
      `https://us-central1-aiplatform.googleapis.com${place}/us-central1/endpoints/4711:generateContent`,
    ],
  ])('%#: %o', async (connection, url) => {
    expect(await chatUrl(connection)).toBe(url)
  })

  it('streams as events', async () => {
    expect(await chatUrl(gemini(), { stream: true })).toMatch(/:streamGenerateContent\?alt=sse$/)
  })

  it('never to a host that a location makes up', async () => {
    const connection = vertex({ settings: { gcp_location: 'evil.example/' } })
    await expect(chatUrl(connection)).rejects.toMatchObject({ reason: 'region' })
  })

  it('carries the tier in a header on Vertex AI', async () => {
    const { request, sent } = await build({ body: { service_tier: 'priority' }, connection: vertex() })
    expect(request.headers['x-vertex-ai-llm-shared-request-type']).toBe('priority')
    expect(sent['serviceTier']).toBeUndefined()
  })
})
