import { describe, expect, it } from 'vitest'
import { assembleStream } from '../testing/assemble.ts'
import { chatCall } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import { chat } from './chat.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { build, hi, user } from './fixtures/requests.ts'

const modelName = 'claude-sonnet-4-5@20250929'
const connection = vertex({ modelName, settings: { gcp_location: 'us-east5' } })
const path = '/v1/projects/demo/locations/us-east5/publishers/anthropic/models'
const url = 'https://pics.example/cat.png'
const picture = { type: 'image_url', image_url: { url } }

describe('Claude on Vertex AI', () => {
  it('is asked in Anthropic’s form, the model in the URL alone', async () => {
    const { request, sent } = await build({ body: { max_tokens: 5 }, connection })
    expect(request.url).toBe(
      `https://us-east5-aiplatform.googleapis.com${path}/claude-sonnet-4-5@20250929:rawPredict`,
    )
    expect(sent).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 5,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
  })

  it('streams by a method of its own', async () => {
    const { request, sent } = await build({ body: { stream: true }, connection })
    expect(request.url).toMatch(/:streamRawPredict$/)
    expect(sent['stream']).toBe(true)
    const events = [
      { type: 'message_start', message: { model: modelName, usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ]
    const bytes = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
    const call = chatCall({ body: { messages: hi, stream: true }, connection })
    const { events: shown, error } = await runStream({ translator: chat, call, chunks: [Buffer.from(bytes)] })
    expect(error).toBeNull()
    expect(assembleStream(shown)).toMatchObject({ text: 'Hello', finishReason: 'stop' })
  })

  it('gets images as bytes', async () => {
    const messages = [user([picture])]
    const asked = chat.assets?.(chatCall({ body: { messages }, connection }))
    expect(asked).toMatchObject([{ url }])
    const asset = { mediaType: 'image/png', bytes: Buffer.from('png') }
    const { sent } = await build({ body: { messages }, connection, assets: [[url, asset]] })
    expect(JSON.stringify(sent)).toContain('"type":"base64"')
  })

  it('is not meant by the same name at the Gemini API', async () => {
    const { request } = await build({ body: {}, connection: gemini({ modelName: 'claude-x' }) })
    expect(request.url).toMatch(/models\/claude-x:generateContent$/)
  })
})
