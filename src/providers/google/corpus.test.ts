import type { Connection } from '../../core/entities.ts'
import { Secret } from '../../core/secret.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { corpusSuite, type CorpusOptions } from '../testing/corpus.suite.ts'
import { createGoogle } from './provider.ts'

const makeCall =
  (adapt: (connection: Connection) => Connection): CorpusOptions['makeCall'] =>
  ({ operation, model, stream, request }) => {
    const connection = adapt(testConnection({ provider: 'google', modelName: model ?? 'gemini-2.5-flash' }))
    if (operation === 'chat') {
      const messages = [{ role: 'user' as const, content: 'hi' }]
      return chatCall({ body: { messages, stream, stream_options: { include_usage: true } }, connection })
    }
    const asked = request.body?.['requests'] ?? request.body?.['instances']
    const count = Array.isArray(asked) ? asked.length : 1
    return embeddingsCall({ body: { input: Array<string>(count).fill('hi') }, connection })
  }

corpusSuite({
  provider: createGoogle(),
  file: 'google.jsonl',
  makeCall: makeCall((connection) => connection),
})
corpusSuite({
  provider: createGoogle(),
  file: 'vertex.jsonl',
  makeCall: makeCall((connection) => {
    const secrets = { gcp_service_account: new Secret('{}') }
    const settings = { gcp_project: 'demo', gcp_location: 'global' }
    return { ...connection, credential: { ...connection.credential, type: 'GCP', secrets, settings } }
  }),
})
