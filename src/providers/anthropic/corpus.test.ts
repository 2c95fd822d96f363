import { chatCall, testConnection } from '../testing/chat-call.ts'
import { corpusSuite } from '../testing/corpus.suite.ts'
import { createAnthropic } from './provider.ts'

corpusSuite({
  provider: createAnthropic(),
  file: 'anthropic.jsonl',
  makeCall: ({ model, stream }) =>
    chatCall({
      body: { messages: [{ role: 'user', content: 'hi' }], stream, stream_options: { include_usage: true } },
      connection: testConnection({ provider: 'anthropic', modelName: model ?? 'claude-sonnet-4-5' }),
    }),
})
