import { openaiEmbeddings, openaiError, openaiShape } from './openai-shape.ts'
import {
  type Answer,
  bearer,
  list,
  type Protocol,
  type Refusal,
  requireHeader,
  vectorOf,
} from './protocol.ts'

const wait = { 'retry-after': '7' }
const overflow = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."

function keyed(provider: string, path = '/v1') {
  return (origin: string, key: string) => ({
    creds_type: 'API_KEY',
    provider,
    api_key: key,
    base_url: origin + path,
  })
}

function openai(): Protocol {
  return openaiShape({
    name: 'openai',
    provider: 'openai',
    modelName: 'gpt-4o-mini',
    credential: keyed('openai'),
    path: () => '/v1/chat/completions',
    authorize: bearer,
    embeddings: openaiEmbeddings('text-embedding-3-small', '/v1/embeddings'),
    refuse: refusals({
      limited: { status: 429, headers: wait, body: openaiError('Slow down.', 'rate_limit_exceeded') },
      denied: { status: 401, body: openaiError('Incorrect API key provided.', 'invalid_api_key') },
      overflow: { status: 400, body: openaiError(overflow, 'context_length_exceeded') },
    }),
  })
}

/** A server of one's own, with no more than an address and a key. */
function compatible(): Protocol {
  return {
    ...openai(),
    name: 'openai-compatible',
    provider: 'openai_compatible',
    credential: keyed('openai_compatible', '/base/v1/'),
    path: () => '/base/v1/chat/completions',
    embeddings: openaiEmbeddings('embedder', '/base/v1/embeddings'),
  }
}

const azureRefusals = refusals({
  limited: {
    status: 429,
    headers: wait,
    body: { error: { code: '429', message: 'Exceeded token rate limit. Please retry after 7 seconds.' } },
  },
  denied: { status: 401, body: { error: { code: '401', message: 'Access denied due to invalid key.' } } },
  overflow: { status: 400, body: openaiError(overflow, 'context_length_exceeded') },
})
const unfiltered = { hate: { filtered: false, severity: 'safe' } }
const azureFrames = {
  prelude: [
    {
      id: '',
      object: '',
      created: 0,
      model: '',
      choices: [],
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: unfiltered }],
    },
  ],
  choiceExtras: { content_filter_results: unfiltered },
}

/** A resource with its key, and paths by deployment. */
function azureDated(): Protocol {
  const embeddings = openaiEmbeddings(
    'embedding-deployment',
    '/openai/deployments/embedding-deployment/embeddings?api-version=2024-10-21',
  )
  return openaiShape({
    ...azureFrames,
    name: 'azure',
    provider: 'azure_openai',
    modelName: 'gpt-4o-deployment',
    modelOf: ({ path }) => /deployments\/([^/]+)\//.exec(path)?.[1] ?? '',
    credential: (origin, key) => ({
      creds_type: 'AZURE',
      azure_endpoint: `${origin}/`,
      api_version: '2024-10-21',
      api_key: key,
    }),
    path: () => '/openai/deployments/gpt-4o-deployment/chat/completions?api-version=2024-10-21',
    authorize: (request, key) => requireHeader(request, 'api-key', key),
    embeddings,
    refuse: azureRefusals,
  })
}

/** The paths without a version, with an Entra application in place of a key. */
function azureEntra(): Protocol {
  return openaiShape({
    ...azureFrames,
    name: 'azure-entra',
    provider: 'azure_openai',
    modelName: 'gpt-4o-deployment',
    credential: (origin, key) => ({
      creds_type: 'AZURE',
      azure_endpoint: origin,
      api_version: 'v1',
      azure_client_id: 'application-1',
      azure_client_secret: key,
      azure_token_url: `${origin}/token`,
      azure_scope: 'https://cognitiveservices.azure.com/.default',
    }),
    exchange: (request): Promise<Answer> => {
      const form = Object.fromEntries(new URLSearchParams(request.body))
      const isGood =
        form['grant_type'] === 'client_credentials' &&
        form['client_id'] === 'application-1' &&
        form['scope'] === 'https://cognitiveservices.azure.com/.default'
      if (!isGood) return Promise.resolve({ status: 400, body: { error: 'invalid_request' } })
      const token = {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: `entra-of-${form['client_secret']}`,
      }
      return Promise.resolve({ body: token })
    },
    path: () => '/openai/v1/chat/completions',
    authorize: (request, key) => bearer(request, `entra-of-${key}`),
    embeddings: openaiEmbeddings('embedding-deployment', '/openai/v1/embeddings'),
    refuse: azureRefusals,
  })
}

function nvidia(): Protocol {
  return openaiShape({
    name: 'nvidia',
    provider: 'nvidia',
    modelName: 'meta/llama-3.3-70b-instruct',
    noArguments: '',
    firstDelta: { content: null, tool_calls: [] },
    credential: keyed('nvidia'),
    path: () => '/v1/chat/completions',
    authorize: bearer,
    embeddings: openaiEmbeddings('nvidia/nv-embedqa-e5-v5', '/v1/embeddings'),
    refuse: refusals({
      limited: { status: 429, headers: wait, body: { status: 429, title: 'Too Many Requests' } },
      denied: { status: 401, body: { status: 401, title: 'Unauthorized', detail: 'Authentication failed' } },
      overflow: {
        status: 400,
        body: { object: 'error', message: overflow, type: 'BadRequestError', param: null, code: 400 },
      },
    }),
  })
}

const huggingFaceRefusals = refusals({
  limited: { status: 429, headers: wait, body: { error: 'Too many requests.' } },
  denied: { status: 401, body: { error: 'Invalid username or password.' } },
  overflow: {
    status: 422,
    body: {
      error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000.',
      error_type: 'validation',
    },
  },
})

/** A dedicated endpoint, which is named without its `/v1`. */
function huggingFace(): Protocol {
  return openaiShape({
    name: 'huggingface',
    provider: 'huggingface',
    modelName: 'meta-llama/Llama-3.3-70B-Instruct',
    credential: keyed('huggingface', ''),
    path: () => '/v1/chat/completions',
    authorize: bearer,
    embeddings: openaiEmbeddings('BAAI/bge-m3', '/v1/embeddings'),
    refuse: huggingFaceRefusals,
  })
}

/** A proxy before the router, whose embeddings are the feature-extraction pipeline's. */
function huggingFaceRouter(): Protocol {
  const modelName = 'sentence-transformers/all-MiniLM-L6-v2'
  return openaiShape({
    name: 'huggingface-router',
    provider: 'huggingface',
    modelName: 'meta-llama/Llama-3.3-70B-Instruct:together',
    credential: keyed('huggingface'),
    path: () => '/v1/chat/completions',
    authorize: bearer,
    embeddings: {
      modelName,
      path: `/hf-inference/models/${modelName}/pipeline/feature-extraction`,
      connection: () => ({ overrides: { capabilities: { feature_extraction: true } } }),
      tokens: 0,
      answer: (request) => ({ body: list(request.json()['inputs']).map(vectorOf) }),
    },
    refuse: huggingFaceRefusals,
  })
}

function writer(): Protocol {
  const told = (tpe: string, description: string) => ({
    tpe,
    errors: [{ description, key: 'fail' }],
    extras: {},
  })
  return openaiShape({
    name: 'writer',
    provider: 'writer',
    modelName: 'palmyra-x5',
    credential: keyed('writer'),
    path: () => '/v1/chat',
    authorize: bearer,
    // Arguments as a JSON string inside a JSON string.
    wholeArguments: (text) => JSON.stringify(text),
    refuse: refusals({
      limited: { status: 429, headers: wait, body: told('TooManyRequests', 'Rate limit exceeded.') },
      denied: { status: 401, body: told('Unauthorized', 'Invalid API key.') },
      overflow: { status: 400, body: told('BadRequest', overflow) },
    }),
  })
}

function refusals(answers: Readonly<Record<Refusal, Answer>>): (kind: Refusal) => Answer {
  return (kind) => answers[kind]
}

/** OpenAI's protocol as it is spoken by its several hosts. */
export function openaiHosts(): Protocol[] {
  return [
    openai(),
    compatible(),
    azureDated(),
    azureEntra(),
    nvidia(),
    huggingFace(),
    huggingFaceRouter(),
    writer(),
  ]
}
