import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { corpusSuite } from '../testing/corpus.suite.ts'
import { createAzureOpenAI } from './provider.ts'

corpusSuite({
  provider: createAzureOpenAI(),
  file: 'azure.jsonl',
  makeCall: ({ operation, request, model, stream }) => {
    const connection = testConnection({
      provider: 'azure_openai',
      modelName: model ?? 'gpt-4o',
      settings: { azure_endpoint: 'https://res.openai.azure.com', api_version: '2024-10-21' },
    })
    if (operation === 'embeddings')
      return embeddingsCall({ body: { input: 'hi', ...request.body }, connection })
    const messages = [{ role: 'user' as const, content: 'hi' }]
    return chatCall({ body: { messages, ...request.body, stream }, connection })
  },
})
