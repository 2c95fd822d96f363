import { createProviders } from '../index.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { corpusSuite } from '../testing/corpus.suite.ts'

const provider = createProviders().get('openai')
if (provider === undefined) throw new Error('there is no openai')

corpusSuite({
  provider,
  file: 'openai.jsonl',
  makeCall: ({ operation, request, model, stream }) => {
    const connection = testConnection({ provider: 'openai', modelName: model ?? 'gpt-4o' })
    if (operation === 'embeddings')
      return embeddingsCall({ body: { input: 'hi', ...request.body }, connection })
    const messages = [{ role: 'user' as const, content: 'hi' }]
    return chatCall({ body: { messages, ...request.body, stream }, connection })
  },
})
