import { crc32 } from 'node:zlib'
import type { Connection, Credential, CredentialType } from '../../../core/entities.ts'
import { Secret } from '../../../core/secret.ts'
import type { Answer } from './upstream.ts'

export const apiKey = 'key-0123456789abcdef'

/** One provider: an account at it, and what it answers to each of the ways in which a call may go. */
export interface ProviderCase {
  readonly id: string
  readonly model: string
  readonly type?: CredentialType
  readonly settings?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly custom?: Connection['custom']
  /** Of a call; streams are Bedrock's alone to have here. */
  readonly good: Answer
  readonly goodStream?: Answer
  /** null: it cannot list. */
  readonly list: { readonly body: unknown; readonly names: readonly string[] } | null
  readonly listsToAnyone?: boolean
  readonly failures: Readonly<Record<FailureCase, Answer>>
}

export type FailureCase = '401' | '403' | 'unknown model' | 'quota' | '5xx'

export function credentialOf(
  { type = 'API_KEY', id, settings = {}, secrets = { api_key: apiKey } }: ProviderCase,
  url: string,
): Credential {
  const urls: Record<string, string> = type === 'AZURE' ? { azure_endpoint: url } : { base_url: url }
  return {
    id: 'credential-1',
    name: 'main',
    type,
    provider: id,
    status: 'active',
    settings: { ...urls, ...settings },
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])),
    version: '1',
    managedBy: 'store',
  }
}

export const chatAnswer: Answer = {
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  },
}

function openaiError(status: number, message: string, code: string | null = null): Answer {
  return { status, body: { error: { message, type: 'error', param: null, code } } }
}

const openaiFailures = {
  '401': openaiError(401, `Incorrect API key provided: ${apiKey}`, 'invalid_api_key'),
  '403': openaiError(403, 'Project does not have access to this model'),
  'unknown model': openaiError(404, 'The model `nope` does not exist', 'model_not_found'),
  quota: openaiError(429, 'You exceeded your current quota', 'insufficient_quota'),
  '5xx': openaiError(500, 'The server had an error'),
}

const openaiList = {
  body: { object: 'list', data: [{ id: 'gpt-4o' }, { id: 'dall-e-3' }, { id: 'text-embedding-3-small' }] },
  names: ['gpt-4o', 'text-embedding-3-small'],
}

function awsError(status: number, name: string, message: string): Answer {
  return { status, headers: { 'x-amzn-errortype': name }, body: { message } }
}

function googleError(status: number, name: string, message: string, details: unknown[] = []): Answer {
  return { status, body: { error: { code: status, message, status: name, details } } }
}

function frame(type: string, body: unknown): Buffer {
  const headers = Buffer.concat(
    Object.entries({
      ':event-type': type,
      ':content-type': 'application/json',
      ':message-type': 'event',
    }).map(([name, value]) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(value.length)
      return Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ])
    }),
  )
  const payload = Buffer.from(JSON.stringify(body))
  const bytes = Buffer.alloc(16 + headers.length + payload.length)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(headers.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  headers.copy(bytes, 12)
  payload.copy(bytes, 12 + headers.length)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4)
  return bytes
}

/** Bedrock's ConverseStream. */
export const converseStream: Answer = {
  headers: { 'content-type': 'application/vnd.amazon.eventstream' },
  body: Buffer.concat([
    frame('messageStart', { role: 'assistant' }),
    frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'hi' } }),
    frame('contentBlockStop', { contentBlockIndex: 0 }),
    frame('messageStop', { stopReason: 'end_turn' }),
    frame('metadata', { usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 }, metrics: {} }),
  ]),
}

export const bedrockCase: ProviderCase = {
  id: 'bedrock',
  model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  type: 'AWS',
  settings: { aws_region: 'us-east-1', aws_access_key_id: 'AKIDEXAMPLE' },
  secrets: { aws_secret_access_key: apiKey },
  good: {
    body: {
      output: { message: { role: 'assistant', content: [{ text: 'hi' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 },
    },
  },
  goodStream: converseStream,
  list: {
    body: {
      modelSummaries: [
        {
          modelId: 'anthropic.claude-3-haiku-20240307-v1:0',
          inferenceTypesSupported: ['ON_DEMAND'],
          outputModalities: ['TEXT'],
        },
        {
          modelId: 'amazon.nova-canvas-v1:0',
          inferenceTypesSupported: ['ON_DEMAND'],
          outputModalities: ['IMAGE'],
        },
      ],
      inferenceProfileSummaries: [],
    },
    names: ['anthropic.claude-3-haiku-20240307-v1:0'],
  },
  failures: {
    '401': awsError(
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ),
    '403': awsError(403, 'AccessDeniedException', 'User is not authorized to perform: bedrock:InvokeModel'),
    'unknown model': awsError(400, 'ValidationException', 'The provided model identifier is invalid.'),
    quota: awsError(400, 'ServiceQuotaExceededException', 'You have exceeded the account’s quota.'),
    '5xx': awsError(500, 'InternalServerException', 'Something went wrong'),
  },
}

export const openaiCase: ProviderCase = {
  id: 'openai',
  model: 'gpt-4o',
  good: chatAnswer,
  list: openaiList,
  failures: openaiFailures,
}

const anthropicError = (status: number, type: string, message: string): Answer => ({
  status,
  body: { type: 'error', error: { type, message } },
})

const statusError = (status: number, body: unknown): Answer => ({ status, body })

export const providerCases: readonly ProviderCase[] = [
  openaiCase,
  { ...openaiCase, id: 'openai_compatible' },
  { ...openaiCase, id: 'groq', model: 'llama-3.3-70b-versatile' },
  { ...openaiCase, id: 'openrouter', listsToAnyone: true },
  {
    id: 'anthropic',
    model: 'claude-sonnet-4-5',
    good: {
      body: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [{ type: 'text', text: 'hi' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 7, output_tokens: 3 },
      },
    },
    list: { body: { data: [{ id: 'claude-sonnet-4-5' }], has_more: false }, names: ['claude-sonnet-4-5'] },
    failures: {
      '401': anthropicError(401, 'authentication_error', 'invalid x-api-key'),
      '403': anthropicError(403, 'permission_error', 'Your API key may not use this resource'),
      'unknown model': anthropicError(404, 'not_found_error', 'model: nope'),
      quota: anthropicError(
        400,
        'invalid_request_error',
        'Your credit balance is too low to access the API.',
      ),
      '5xx': anthropicError(529, 'overloaded_error', 'Overloaded'),
    },
  },
  {
    id: 'azure_openai',
    model: 'gpt-4o',
    type: 'AZURE',
    settings: { api_version: '2024-10-21' },
    good: chatAnswer,
    // It lists what could be deployed: a proof of the credential, and no names.
    list: { body: openaiList.body, names: [] },
    failures: {
      ...openaiFailures,
      '401': openaiError(401, 'Access denied due to invalid subscription key.', '401'),
      'unknown model': openaiError(404, 'The API deployment does not exist.', 'DeploymentNotFound'),
    },
  },
  bedrockCase,
  {
    id: 'cohere',
    model: 'command-r-08-2024',
    good: {
      body: {
        id: 'c-1',
        finish_reason: 'COMPLETE',
        message: { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
        usage: { tokens: { input_tokens: 7, output_tokens: 3 } },
      },
    },
    list: {
      body: {
        models: [
          { name: 'command-r', endpoints: ['chat'] },
          { name: 'rerank-3', endpoints: ['rerank'] },
        ],
      },
      names: ['command-r'],
    },
    failures: {
      '401': statusError(401, { message: 'invalid api token' }),
      '403': statusError(403, { message: 'this key may not use the model' }),
      'unknown model': statusError(404, { message: "model 'nope' not found" }),
      quota: statusError(429, { message: 'You are using a trial key, limited to 1000 calls / month.' }),
      '5xx': statusError(503, { message: 'service unavailable' }),
    },
  },
  {
    id: 'google',
    model: 'gemini-2.5-flash',
    type: 'GCP',
    good: {
      body: {
        candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 },
        modelVersion: 'gemini-2.5-flash',
        responseId: 'r-1',
      },
    },
    list: {
      body: {
        models: [
          { name: 'models/gemini-2.5-flash', supportedGenerationMethods: ['generateContent'] },
          { name: 'models/imagen-4.0-generate', supportedGenerationMethods: ['predict'] },
        ],
      },
      names: ['gemini-2.5-flash'],
    },
    failures: {
      '401': googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
      '403': googleError(403, 'PERMISSION_DENIED', 'The caller does not have permission'),
      'unknown model': googleError(404, 'NOT_FOUND', 'models/nope is not found for API version v1beta'),
      quota: googleError(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, limit: 0'),
      '5xx': googleError(503, 'UNAVAILABLE', 'The model is overloaded.'),
    },
  },
  {
    ...openaiCase,
    id: 'huggingface',
    model: 'meta-llama/Llama-3.3-70B-Instruct',
    failures: {
      ...openaiFailures,
      '401': statusError(401, { error: 'Invalid username or password.' }),
      'unknown model': statusError(400, {
        error: { message: "The requested model 'nope' does not exist.", code: 'model_not_found' },
      }),
      quota: statusError(402, { error: 'You have exceeded your monthly included credits.' }),
    },
  },
  {
    ...openaiCase,
    id: 'nvidia',
    model: 'meta/llama-3.1-8b-instruct',
    listsToAnyone: true,
    failures: {
      ...openaiFailures,
      '401': statusError(401, { status: 401, title: 'Unauthorized', detail: 'Authentication failed' }),
      quota: statusError(402, { status: 402, title: 'Payment Required', detail: 'No credits are left' }),
    },
  },
  {
    id: 'writer',
    model: 'palmyra-x5',
    good: chatAnswer,
    list: { body: { models: [{ id: 'palmyra-x5', name: 'Palmyra X5' }] }, names: ['palmyra-x5'] },
    failures: {
      '401': statusError(401, {
        tpe: 'Unauthorized',
        errors: [{ description: 'Token invalid', key: 'fail.unauthorized' }],
      }),
      '403': statusError(403, {
        tpe: 'Forbidden',
        errors: [{ description: 'No access', key: 'fail.forbidden' }],
      }),
      'unknown model': statusError(404, {
        tpe: 'NotFound',
        errors: [{ description: 'Model nope not found', key: 'fail.not.found' }],
      }),
      quota: statusError(402, {
        tpe: 'PaymentRequired',
        errors: [{ description: 'No credits', key: 'fail.payment' }],
      }),
      '5xx': statusError(503, {
        tpe: 'ServerError',
        errors: [{ description: 'It broke.', key: 'fail.unknown' }],
      }),
    },
  },
]
