import { describe, expect, it } from 'vitest'
import { gemini } from './google/fixtures/connections.ts'
import { createProviders } from './index.ts'
import { testConnection } from './testing/chat-call.ts'

const providers = createProviders()
const settings = { aws_region: 'us-east-1', azure_endpoint: 'https://azure.test', api_version: '2024-10-21' }
const connections = [
  ...[
    'openai',
    'groq',
    'azure_openai',
    'bedrock',
    'huggingface',
    'nvidia',
    'writer',
    'anthropic',
    'cohere',
  ].map((provider) => testConnection({ provider, modelName: 'm', settings })),
  gemini({ modelName: 'gemini-2.5-flash' }),
]
const page =
  '<!DOCTYPE html><html><title>Attention Required!</title><h1>Sorry, you have been blocked</h1></html>'

describe('a 403 that is a page, of a firewall in front of the API', () => {
  it.each(connections.map((connection) => [connection.provider, connection] as const))(
    'counts against the connection, and says nothing of its rights: %s',
    (id, connection) => {
      const failure = {
        status: 403,
        headers: { 'content-type': 'text/html' },
        body: Buffer.from(page),
        connection,
      }
      const error = providers.get(id)?.readError(failure)
      expect(error).toMatchObject({ code: 'upstream_error', status: 502, reason: 'provider_down' })
      expect(error?.message).not.toContain('blocked')
    },
  )
})

it('a refusal of content in xAI’s words is the request’s own', () => {
  const body = Buffer.from(
    JSON.stringify({
      code: 'The caller does not have permission to execute the specified operation',
      error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO',
    }),
  )
  const connection = testConnection({ provider: 'openai', modelName: 'm', settings })
  const error = providers.get('openai')?.readError({ status: 403, headers: {}, body, connection })
  expect(error).toMatchObject({ code: 'invalid_request', reason: null })
})
