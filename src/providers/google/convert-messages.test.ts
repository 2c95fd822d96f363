import { describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import type { ChatRequest } from '../../core/openai.ts'
import type { AssetRequest } from '../../core/provider.ts'
import { chatCall } from '../testing/chat-call.ts'
import { chat } from './chat.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { assistant, type Body, build, called, png, result, user } from './fixtures/requests.ts'

type Messages = ChatRequest['messages']
const gemini3 = gemini({ modelName: 'gemini-3-flash-preview' })
const image = (url: string) => ({ type: 'image_url', image_url: { url } })
const inlinePng = { inlineData: { mimeType: 'image/png', data: png } }

async function contents(messages: Messages, connection: Connection = gemini()): Promise<unknown> {
  return (await build({ body: { messages }, connection })).sent['contents']
}
const response = (id: string | null, output: string, name = 'weather') => ({
  functionResponse: { ...(id === null ? {} : { id }), name, response: { output } },
})
const call = (id: string | null, name = 'weather', args: object = { city: 'Oslo' }) => ({
  functionCall: { ...(id === null ? {} : { id }), name, args },
})

describe('turns', () => {
  it('joins neighbours of one role and leaves blank text out', async () => {
    const messages = [user('a'), user(' '), user('b'), { role: 'assistant', content: 'c' }] as Messages
    expect(await contents(messages)).toEqual([
      { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'model', parts: [{ text: 'c' }] },
    ])
  })

  it('keeps a refusal as the assistant’s words', async () => {
    const messages = [user('a'), { role: 'assistant', refusal: 'no' }, user('b')] as Messages
    expect(await contents(messages)).toMatchObject([{}, { role: 'model', parts: [{ text: 'no' }] }, {}])
  })
})

describe('tool calls and results', () => {
  it('names the function of each result, and answers calls in their order, in one turn', async () => {
    const messages = [
      user('a'),
      assistant(called('c1'), called('c2', { name: 'time', args: '' })),
      result('c2', 'noon'),
      result('c1', 'rain'),
    ]
    expect(await contents(messages)).toEqual([
      { role: 'user', parts: [{ text: 'a' }] },
      { role: 'model', parts: [call('c1'), call('c2', 'time', {})] },
      { role: 'user', parts: [response('c1', 'rain'), response('c2', 'noon', 'time')] },
    ])
  })

  it('keeps what the user says after results out of their turn', async () => {
    const messages = [user('a'), assistant(called('c1')), result('c1', 'rain'), user('and now?')]
    expect(await contents(messages)).toMatchObject([
      {},
      {},
      { role: 'user', parts: [response('c1', 'rain')] },
      { role: 'user', parts: [{ text: 'and now?' }] },
    ])
  })

  it('sends no ids to Vertex AI', async () => {
    const messages = [user('a'), assistant(called('c1')), result('c1', 'rain')]
    expect(await contents(messages, vertex())).toMatchObject([
      {},
      { parts: [{ functionCall: { name: 'weather', args: { city: 'Oslo' } } }] },
      { parts: [response(null, 'rain')] },
    ])
    expect(JSON.stringify(await contents(messages, vertex()))).not.toContain('"id"')
  })

  it('passes a JSON object as it is', async () => {
    const messages = [user('a'), assistant(called('c1')), result('c1', '{"sky":"grey"}')]
    expect(await contents(messages)).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { response: { sky: 'grey' } } }] },
    ])
  })

  it('takes the latest call where an id comes again', async () => {
    const messages = [
      user('a'),
      assistant(called('c1')),
      result('c1', 'rain'),
      assistant(called('c1', { name: 'time' })),
      result('c1', 'noon'),
    ]
    const names = JSON.stringify(await contents(messages)).match(
      /"functionResponse":\{"id":"c1(?:_2)?","name":"\w+"/g,
    )
    expect(names?.map((name) => name.split('"').at(-2))).toEqual(['weather', 'time'])
  })

  it('refuses a result of no call', async () => {
    await expect(contents([user('a'), result('c9', 'x')])).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'messages[1].tool_call_id',
    })
  })

  it('takes OpenAI’s old function messages', async () => {
    const messages = [
      user('a'),
      { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{}' } },
      { role: 'function', name: 'weather', content: 'rain' },
    ] as Messages
    expect(await contents(messages, vertex())).toMatchObject([
      {},
      { parts: [call(null, 'weather', {})] },
      { parts: [response(null, 'rain')] },
    ])
  })
})

describe('thought signatures', () => {
  const signed = [user('a'), assistant(called('c1', { signature: 'sig-1' }), called('c2')), result('c1', 'x')]
  const unsigned = [user('a'), assistant(called('c1'), called('c2')), result('c1', 'x')]
  const parts = async (messages: Messages, connection: Connection) =>
    ((await contents(messages, connection)) as { parts: { thoughtSignature?: string }[] }[])[1]?.parts.map(
      ({ thoughtSignature }) => thoughtSignature,
    )

  it.each([gemini(), gemini3, vertex()])('come back as they were: %#', async (connection) => {
    expect(await parts(signed, connection)).toEqual(['sig-1', undefined])
  })

  it('are stood in for from Gemini 3 on, on the first call alone', async () => {
    expect(await parts(unsigned, gemini3)).toEqual(['skip_thought_signature_validator', undefined])
    expect(await parts(unsigned, gemini())).toEqual([undefined, undefined])
  })

  it('are stood in for as the connection says', async () => {
    const connection = gemini({ overrides: { capabilities: { missing_signature: 'c2tpcA==' } } })
    expect(await parts(unsigned, connection)).toEqual(['c2tpcA==', undefined])
  })
})

describe('images, audio and files', () => {
  const url = 'https://pics.example/cat'
  const asset = { mediaType: 'image/png', bytes: Buffer.from(png, 'base64') }
  const asked = (body: Body, connection: Connection): AssetRequest[] =>
    chat.assets?.(chatCall({ body: { messages: [], ...body }, connection })) ?? []

  it.each<[string, unknown, object]>([
    ['an image by data URL', image(`data:image/png;base64,${png}`), inlinePng],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      inline('audio/wav', 'AAAA'),
    ],
    [
      'a document',
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0x', filename: 'a.pdf' } },
      inline('application/pdf', 'JVBERi0x'),
    ],
    [
      'a file of the Files API',
      { type: 'file', file: { file_data: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
    [
      'a video of YouTube',
      { type: 'file', file: { file_data: 'https://www.youtube.com/watch?v=1' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=1' } },
    ],
  ])('%s', async (_name, part, expected) => {
    expect(await contents([user([part])])).toEqual([{ role: 'user', parts: [expected] }])
  })

  it('are fetched for the Gemini API, and sent as bytes', async () => {
    const messages = [user([image(url), image('https://pics.example/dog.png')])]
    expect(asked({ messages }, gemini()).map((one) => one.url)).toEqual([url, 'https://pics.example/dog.png'])
    const { sent } = await build({ body: { messages: [user([image(url)])] }, assets: [[url, asset]] })
    expect(sent['contents']).toEqual([{ role: 'user', parts: [inlinePng] }])
  })

  it('go to Vertex AI by URL where its name tells the type', async () => {
    const dog = 'https://pics.example/dog.jpg?size=1'
    const images = [image(dog), image('gs://bucket/a.webp')]
    const messages = [user(images)]
    expect(asked({ messages: [user([image(url), ...images])] }, vertex())).toMatchObject([{ url }])
    expect(await contents(messages, vertex())).toEqual([
      {
        role: 'user',
        parts: [
          { fileData: { mimeType: 'image/jpeg', fileUri: dog } },
          { fileData: { mimeType: 'image/webp', fileUri: 'gs://bucket/a.webp' } },
        ],
      },
    ])
    const fetching = vertex({ overrides: { capabilities: { file_urls: false } } })
    expect(asked({ messages }, fetching)).toMatchObject([{ url: dog }])
  })

  it('refuses Cloud Storage where it cannot be read, or not be told', async () => {
    await expect(contents([user([image('gs://b/a.png')])])).rejects.toMatchObject({
      code: 'unsupported_parameter',
    })
    await expect(contents([user([image('gs://b/a')])], vertex())).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('stand within a result from Gemini 3 on, after it before', async () => {
    const messages = [
      user('a'),
      assistant(called('c1', { signature: 's' })),
      result('c1', [{ type: 'text', text: 'seen' }, image(`data:image/png;base64,${png}`)]),
    ]
    const seen = { id: 'c1', name: 'weather', response: { output: 'seen' } }
    expect(await contents(messages, gemini3)).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { ...seen, parts: [inlinePng] } }] },
    ])
    expect(await contents(messages)).toMatchObject([
      {},
      {},
      { role: 'user', parts: [{ functionResponse: seen }] },
      { role: 'user', parts: [{ text: 'Files in the result of weather:' }, inlinePng] },
    ])
  })
})

function inline(mimeType: string, data: string) {
  return { inlineData: { mimeType, data } }
}
