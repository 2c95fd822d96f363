import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { corpusSuite } from '../testing/corpus.suite.ts'
import { createCohere } from './provider.ts'

corpusSuite({
  provider: createCohere(),
  file: 'cohere.jsonl',
  makeCall: ({ operation, request, model, stream }) => {
    const connection = testConnection({ provider: 'cohere', modelName: model ?? 'command-a-03-2025' })
    if (operation === 'embeddings') {
      return embeddingsCall({ body: { input: request.body?.['texts'] as string[] }, connection })
    }
    const messages = [{ role: 'user' as const, content: 'hi' }]
    return chatCall({ body: { messages, stream, stream_options: { include_usage: true } }, connection })
  },
})
