import { describe, expect, it } from 'vitest'
import {
  assistant,
  type BuildOptions,
  build,
  clock,
  file,
  hi,
  png,
  result,
  text,
  textFile,
  user,
} from './fixtures/requests.ts'

const asSchema = { type: 'json_schema' as const, json_schema: { name: 'x', schema: { type: 'object' } } }
const audio = { type: 'input_audio' as const, input_audio: { data: 'AA==', format: 'wav' } }
const image = { type: 'image_url' as const, image_url: { url: png } }

describe('requests: what cannot be honoured', () => {
  it.each<[string, BuildOptions, string]>([
    ['n', { body: { messages: hi, n: 2 } }, 'n'],
    ['top_logprobs', { body: { messages: hi, logprobs: true, top_logprobs: 3 } }, 'top_logprobs'],
    ['audio out', { body: { messages: hi, modalities: ['text', 'audio'] } }, 'modalities'],
    ['six stop sequences', { body: { messages: hi, stop: ['a', 'b', 'c', 'd', 'e', 'f'] } }, 'stop'],
    [
      'JSON beside tools',
      { body: { messages: hi, tools: [clock], response_format: asSchema } },
      'response_format',
    ],
    [
      'JSON beside documents',
      { body: { messages: [user([text('x'), textFile])], response_format: asSchema } },
      'response_format',
    ],
    [
      'a forced tool of a model without tool_choice',
      { model: 'command-r-plus-08-2024', body: { messages: hi, tools: [clock], tool_choice: 'required' } },
      'tool_choice',
    ],
    ['an image for a blind model', { body: { messages: [user([image])] } }, 'messages[0].content[0]'],
    ['audio', { body: { messages: [user([text('x'), audio])] } }, 'messages[0].content[1]'],
    [
      'a PDF',
      { body: { messages: [user([file('a.pdf', 'data:application/pdf;base64,JVBERi0=')])] } },
      'messages[0].content[0]',
    ],
    [
      'an image as a tool’s result',
      { body: { messages: [...hi, result('a', [image])] } },
      'messages[1].content[0]',
    ],
    [
      'an assistant’s image',
      { body: { messages: [assistant({ content: [image] })] } },
      'messages[0].content[0]',
    ],
  ])('%s', async (_name, options, param) => {
    await expect(build(options)).rejects.toMatchObject({ code: 'unsupported_parameter', status: 400, param })
  })

  it.each<[string, BuildOptions['body'], string]>([
    ['an empty turn', { messages: [user([text(' ')])] }, 'messages[0].content'],
    ['a call without an id', { messages: [assistant({ tool_calls: [{}] })] }, 'messages[0].tool_calls[0].id'],
    [
      'a call without a name',
      { messages: [assistant({ tool_calls: [{ id: 'a' }] })] },
      'messages[0].tool_calls[0].function.name',
    ],
    ['a result without an id', { messages: [result('', 'x')] }, 'messages[0].tool_call_id'],
    ['a temperature in words', { messages: hi, temperature: 'hot' as unknown as number }, 'temperature'],
    ['documents that are none', { messages: hi, documents: 'x' }, 'documents'],
    ['an unknown format', { messages: hi, response_format: { type: 'xml' } as never }, 'response_format'],
    ['an unknown role', { messages: [{ role: 'robot' as 'user', content: 'x' }] }, 'messages[0].role'],
  ])('invalid: %s', async (_name, body, param) => {
    await expect(build({ body })).rejects.toMatchObject({ code: 'invalid_request', status: 400, param })
  })
})
