import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, jwtVerify } from 'jose'
import type { SeenRequest } from '../upstream.ts'
import { messagesProtocol } from './anthropic.ts'
import {
  asksFor7s,
  type Answer,
  type Asked,
  bearer,
  callsOf,
  counted,
  type Frames,
  list,
  pick,
  type Protocol,
  type Refusal,
  requireHeader,
  textOf,
  type Turn,
  vectorOf,
  wordsOf,
} from './protocol.ts'

const modelName = 'gemini-2.5-flash'
const place = '/v1/projects/project-1/locations/europe-west1/publishers'
const method = (stream: boolean) => (stream ? 'streamGenerateContent?alt=sse' : 'generateContent')

const shared = {
  provider: 'google',
  modelName,
  read: readContents,
  whole: (turn: Turn): Answer => ({ body: generated(partsOf(turn), { finish: true }) }),
  frames: contentFrames,
  isStream: (request: SeenRequest) => request.path.includes(':streamGenerateContent'),
  streamType: 'text/event-stream',
  waits: asksFor7s,
  failure: { frame: event(failed(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted.', [])), status: 429 },
}

/** The Gemini API. */
export function gemini(): Protocol {
  return {
    ...shared,
    name: 'gemini',
    credential: (origin, key) => ({ creds_type: 'GCP', api_key: key, base_url: origin }),
    path: (stream) => `/v1beta/models/${modelName}:${method(stream)}`,
    authorize: (request, key) => requireHeader(request, 'x-goog-api-key', key),
    refuse: (kind) => refusals[kind],
    embeddings: {
      modelName: 'gemini-embedding-001',
      path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
      tokens: 0,
      answer: (request) => ({
        body: {
          embeddings: list(request.json()['requests']).map((one) => ({
            values: vectorOf(textOf(pick(one, 'content', 'parts'))),
          })),
        },
      }),
    },
  }
}

/** Vertex AI: the same by a service account, whose assertions the scripted token endpoint verifies. */
export function vertex(): Protocol {
  return {
    ...shared,
    ...serviceAccounts(),
    name: 'vertex',
    path: (stream) => `${place}/google/models/${modelName}:${method(stream)}`,
    refuse: vertexRefusal,
    embeddings: {
      modelName: 'text-embedding-005',
      path: `${place}/google/models/text-embedding-005:predict`,
      tokens: 4,
      answer: (request) => ({
        body: {
          predictions: list(request.json()['instances']).map((instance) => ({
            embeddings: { values: vectorOf(pick(instance, 'content')), statistics: { token_count: 2 } },
          })),
        },
      }),
    },
  }
}

/** Claude on Vertex AI: Anthropic's bodies under Google's paths and tokens. */
export function vertexClaude(): Protocol {
  const claude = 'claude-sonnet-4-5@20250929'
  return {
    ...messagesProtocol,
    ...serviceAccounts(),
    name: 'vertex-claude',
    provider: 'google',
    modelName: claude,
    read: (request) => {
      if (request.json()['anthropic_version'] !== 'vertex-2023-10-16') throw new Error('no anthropic_version')
      return { ...messagesProtocol.read(request), model: modelIn(request) }
    },
    path: (stream) => `${place}/anthropic/models/${claude}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
    refuse: (kind) => (kind === 'denied' ? vertexRefusal(kind) : messagesProtocol.refuse(kind)),
  }
}

function serviceAccounts(): Pick<Protocol, 'credential' | 'exchange' | 'authorize'> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const emailOf = (key: string) => `${key}@project-1.iam.gserviceaccount.com`
  const audience = 'https://oauth2.googleapis.com/token'
  return {
    credential: (origin, key) => ({
      creds_type: 'GCP',
      gcp_project: 'project-1',
      gcp_location: 'europe-west1',
      gcp_service_account: {
        type: 'service_account',
        client_email: emailOf(key),
        private_key_id: 'key-1',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        token_uri: audience,
      },
      base_url: origin,
      token_url: `${origin}/token`,
    }),
    exchange: async (request) => {
      const form = new URLSearchParams(request.body)
      const assertion = form.get('assertion') ?? ''
      const { payload } = await jwtVerify(assertion, publicKey, { algorithms: ['RS256'], audience })
      const isGood =
        form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
        payload['scope'] === 'https://www.googleapis.com/auth/cloud-platform' &&
        Number(payload.exp) - Number(payload.iat) <= 3600
      if (!isGood) return { status: 400, body: { error: 'invalid_grant' } }
      const token = `google-of-${decodeJwt(assertion).iss ?? ''}`
      return { body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } }
    },
    authorize: (request, key) => bearer(request, `google-of-${emailOf(key)}`),
  }
}

function failed(code: number, status: string, message: string, details: readonly unknown[]): object {
  return { error: { code, message, status, details } }
}

const detail = (type: string, fields: object) => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...fields,
})
const refusals: Readonly<Record<Refusal, Answer>> = {
  limited: {
    status: 429,
    body: failed(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [
      detail('RetryInfo', { retryDelay: '6.5s' }),
    ]),
  },
  denied: {
    status: 400,
    body: failed(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      detail('ErrorInfo', { reason: 'API_KEY_INVALID', domain: 'googleapis.com' }),
    ]),
  },
  overflow: {
    status: 400,
    body: failed(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      [],
    ),
  },
}

function vertexRefusal(kind: Refusal): Answer {
  if (kind !== 'denied') return refusals[kind]
  const message = 'Request had invalid authentication credentials.'
  return { status: 401, body: failed(401, 'UNAUTHENTICATED', message, []) }
}

function readContents(request: SeenRequest): Asked {
  const body = request.json()
  const contents = list(body['contents'])
  const parts = contents.flatMap((content) => list(pick(content, 'parts')))
  const calls = parts.filter((part) => pick(part, 'functionCall') !== undefined)
  if (calls.length > 0 && pick(calls[0], 'thoughtSignature') !== signature) {
    throw new Error('the first call came back without its thought signature')
  }
  const results = parts.map((part) => pick(part, 'functionResponse')).filter((result) => result !== undefined)
  const declarations = list(body['tools']).flatMap((tool) => list(pick(tool, 'functionDeclarations')))
  return {
    model: modelIn(request),
    system: textOf(pick(body, 'systemInstruction', 'parts')),
    user: textOf(pick(contents[0], 'parts')),
    tools: declarations.map((declaration) => String(pick(declaration, 'name'))),
    results: results.map((result) => ({
      name: String(pick(result, 'name')),
      text: resultText(pick(result, 'response')),
    })),
  }
}

/** Texts are wrapped in an object. */
function resultText(response: unknown): string {
  const text = pick(response, 'result') ?? pick(response, 'output')
  return typeof text === 'string' ? text : JSON.stringify(response)
}

function modelIn(request: SeenRequest): string {
  return /\/models\/([^:]+):/.exec(request.path)?.[1] ?? ''
}

const signature = 'c2lnbmF0dXJl'
type Part = Readonly<Record<string, unknown>>

/** Calls come whole, in parts of their own. */
function partsOf(turn: Turn): Part[] {
  const texts = wordsOf(turn).map((text) => ({ text }))
  const calls = callsOf(turn).map(({ name, arguments: text, fragments }, at) => ({
    functionCall: { name, ...(fragments.length === 0 ? {} : { args: JSON.parse(text) as unknown }) },
    ...(at === 0 ? { thoughtSignature: signature } : {}),
  }))
  return [...texts, ...calls]
}

function generated(parts: readonly Part[], { finish = false } = {}): object {
  const usage = {
    promptTokenCount: counted.input,
    candidatesTokenCount: counted.output,
    totalTokenCount: counted.input + counted.output,
  }
  return {
    candidates: [
      { index: 0, content: { role: 'model', parts }, ...(finish ? { finishReason: 'STOP' } : {}) },
    ],
    usageMetadata: finish ? usage : { promptTokenCount: counted.input },
    modelVersion: modelName,
    responseId: 'response-1',
  }
}

function contentFrames(turn: Turn): Frames {
  return {
    opening: [],
    deltas: partsOf(turn).map((part) => event(generated([part]))),
    ending: [event(generated([{ text: '' }], { finish: true }))],
  }
}

/** With Google's line ends. */
function event(body: unknown): string {
  return `data: ${JSON.stringify(body)}\r\n\r\n`
}
