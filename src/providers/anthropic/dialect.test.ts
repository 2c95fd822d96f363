import { describe, expect, it } from 'vitest'
import type { ChatCall } from '../../core/provider.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import { createVertexDialect } from './dialect.ts'
import { messageDelta, messageStart, messageStop, sse, textBlock } from './fixtures/frames.ts'
import { createMessagesTranslator } from './translator.ts'

const base =
  'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/'
const dialect = createVertexDialect({ url: ({ modelName }, method) => `${base}${modelName}:${method}` })
const translator = createMessagesTranslator({ dialect })
const connection = testConnection({ provider: 'google', modelName: 'claude-sonnet-4-5@20250929' })
const picture = { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } }
const paper = { type: 'file' as const, file: { file_data: 'https://example.com/b.pdf' } }
const messages = [
  { role: 'user' as const, content: [{ type: 'text' as const, text: 'what?' }, picture, paper] },
]

async function build(call: ChatCall) {
  const { requests, dropped } = await translator.buildRequests(call)
  return {
    request: requests[0],
    dropped,
    sent: JSON.parse(String(requests[0]?.body)) as Record<string, unknown>,
  }
}

describe('Claude on Vertex AI', () => {
  it('has the model in the URL and the version in the body', async () => {
    const headers = { 'anthropic-beta': 'x', traceparent: '00-1' }
    const body = {
      messages: [{ role: 'user' as const, content: 'hi' }],
      service_tier: 'default',
      cache_control: { type: 'ephemeral' },
    }
    const { request, sent, dropped } = await build(chatCall({ body, connection, headers }))
    expect(request?.url).toBe(`${base}claude-sonnet-4-5@20250929:rawPredict`)
    expect(request?.headers).toEqual({ traceparent: '00-1', 'content-type': 'application/json' })
    expect(sent).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 21_333,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
    expect(dropped).toEqual(['service_tier', 'cache_control'])
  })

  it('streams by another method', async () => {
    const { request, sent } = await build(
      chatCall({ body: { messages: [{ role: 'user', content: 'hi' }], stream: true }, connection }),
    )
    expect(request?.url).toBe(`${base}claude-sonnet-4-5@20250929:streamRawPredict`)
    expect(sent['stream']).toBe(true)
  })

  it('has images and documents fetched, and sends their bytes', async () => {
    const asked = translator.assets?.(chatCall({ body: { messages }, connection }))
    expect(asked).toEqual([
      {
        url: 'https://example.com/a.png',
        mediaTypes: ['image/jpeg', 'image/png', 'image/gif', 'image/webp'],
        maxBytes: 5_242_880,
      },
      { url: 'https://example.com/b.pdf', mediaTypes: ['application/pdf'], maxBytes: 23_068_672 },
    ])
    const assets = [
      ['https://example.com/a.png', { mediaType: 'image/png', bytes: Buffer.from('png') }],
      ['https://example.com/b.pdf', { mediaType: 'application/pdf', bytes: Buffer.from('pdf') }],
    ] as const
    const { sent } = await build(chatCall({ body: { messages }, connection, assets }))
    expect(sent['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'cG5n' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'cGRm' } },
        ],
      },
    ])
    await expect(build(chatCall({ body: { messages }, connection }))).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('has no structured output of its own, so that a tool stands for it both ways', async () => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'x', schema: { type: 'object', properties: {} } },
    }
    const { sent } = await build(
      chatCall({ body: { messages: [{ role: 'user', content: 'hi' }], response_format }, connection }),
    )
    expect(sent['tool_choice']).toMatchObject({ type: 'tool', name: 'json' })
    expect('output_config' in sent).toBe(false)
  })

  it('answers as Anthropic does', async () => {
    const call = chatCall({ body: { messages: [{ role: 'user', content: 'hi' }], stream: true }, connection })
    const bytes = sse([messageStart(), ...textBlock(0, 'hello'), messageDelta('end_turn'), messageStop])
    const { events, error } = await runStream({ translator, call, chunks: [bytes] })
    expect([events.length, error]).toEqual([3, null])
  })
})
