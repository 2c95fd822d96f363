import { expect, it } from 'vitest'
import type { ChatCompletion } from '../../core/openai.ts'
import type { Translator, UpstreamRequest } from '../../core/provider.ts'
import { providerSuite, type AnswerFixture } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { completion } from '../openai/fixtures/frames.ts'
import { completionsCall } from '../testing/calls.ts'
import { testConnection } from '../testing/chat-call.ts'
import { answerFixtures, errorFixtures, streamFixtures } from './fixtures.ts'
import { createWriter } from './provider.ts'

const provider = createWriter()

providerSuite({
  name: 'writer',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

it('is in the catalogue, as a protocol of its own without embeddings', () => {
  const listed = createProviders().get('writer')
  expect(listed?.presetOf).toBeUndefined()
  expect(Object.keys(listed?.operations ?? {})).toEqual(['chat', 'completions'])
  expect(listed?.fields.find(({ name }) => name === 'api_key')?.required).toBe(true)
})

it('lists its models, in its own form', () => {
  const { credential } = testConnection()
  const request = provider.listModels?.request(credential) as UpstreamRequest
  expect(request.url).toBe('https://api.writer.com/v1/models')
  const read = (body: object) => provider.listModels?.read(answer(body), request)
  expect(read({ models: [{ id: 'palmyra-x5', name: 'Palmyra X5' }] })).toEqual({
    models: [{ id: 'palmyra-x5', kind: 'chat' }],
    next: null,
  })
  expect(() => read({ tpe: 'Unauthorized', errors: [{ description: 'no' }] })).toThrow(
    expect.objectContaining({ reason: 'authentication' }),
  )
})

it('completes a bare answer of completions', async () => {
  const call = completionsCall({ body: { prompt: 'on' } })
  const translator = provider.operations.completions as Translator
  const { body } = await translator.readResponse([answer({ choices: [{ text: 'a' }] })], call)
  expect(body).toEqual({
    id: call.id,
    object: 'text_completion',
    created: call.created,
    model: call.connection.modelName,
    choices: [{ index: 0, text: 'a', finish_reason: 'stop', logprobs: null }],
  })
})

it('passes an answer that is OpenAI’s already through as it came', async () => {
  const { responses, call } = answerFixtures[0] as AnswerFixture
  const translator = provider.operations.chat as Translator
  const { body } = await translator.readResponse(responses, call)
  expect(body).toBeNull()
})

it.each<[string, string]>([
  [
    String.raw`{'a': "it's \x41\n", 'b': [True, None, False], 'c': 'say "x" or \'y\' \\', 'd': 1.5}`,
    String.raw`{"a":"it's A\n","b":[true,null,false],"c":"say \"x\" or 'y' \\","d":1.5}`,
  ],
  ["{'a': 'True'}", '{"a":"True"}'],
  ["{'a': object()}", "{'a': object()}"],
  ["{it's none}", "{it's none}"],
  ["'a'", "'a'"],
  ['{"a"', '{"a"'],
])('reads arguments that Python printed, and leaves what is none: %s', async (text, shown) => {
  const { call } = answerFixtures[0] as AnswerFixture
  const calls = [{ id: 'c1', type: 'function', function: { name: 'f', arguments: text } }]
  const sent = completion({ content: null, tool_calls: calls })
  const translator = provider.operations.chat as Translator
  const { body } = await translator.readResponse([answer(sent)], call)
  const [choice] = ((body ?? sent) as ChatCompletion).choices
  expect(choice?.message.tool_calls?.[0]?.function.arguments).toBe(shown)
})

it('is probed with one token', () => {
  expect(provider.probe(testConnection({ modelName: 'palmyra-x5' }))).toMatchObject({
    operation: 'chat',
    body: { max_tokens: 1 },
  })
})
