import { randomBytes } from 'node:crypto'
import { createWorkerMetrics } from '../../src/telemetry/worker-metrics.ts'
import { openSocket, rawChat } from '../support/raw-client.ts'
import { startRedis } from '../support/redis-server.ts'
import { chatModel, createScene, embeddingModel, type Scene } from '../support/scene.ts'
import { chatAnswer, chunkBody, event, failure, sendJson, startSse } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

export interface BusyScene {
  readonly scene: Scene
  /** What the gateway's `/metrics` says now. */
  exposition(): Promise<string>
  stop(): Promise<void>
}

const adminToken = 'planted-admin-token-of-operations'

const usage = {
  prompt_tokens: 20,
  completion_tokens: 9,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 4 },
}

/** A gateway with shared state that has seen traffic of every kind: answered, streamed, failed over, refused, broken off, left. */
export async function createBusyScene(): Promise<BusyScene> {
  const redis = await startRedis()
  const scene = await openScene(redis.url).catch(async (error: unknown) => {
    await redis.stop()
    throw error
  })
  const stop = async () => {
    await scene.stop()
    await redis.stop()
  }
  try {
    await keepCredential(scene)
    await sendTraffic(scene)
  } catch (error) {
    await stop()
    throw error
  }
  const exposition = async () => (await fetch(`${scene.gateway.url}/metrics`)).text()
  return { scene, exposition, stop }
}

/** What a gateway of several workers exposes beside that. */
export async function workerExposition(): Promise<string> {
  return createWorkerMetrics({ serving: () => 2 }).render()
}

/** Models of every kind, the control plane open. */
async function openScene(redisUrl: string): Promise<Scene> {
  return createScene({
    env: {
      REDIS_URL: redisUrl,
      MODELGATE_MASTER_KEY: randomBytes(32).toString('base64'),
      MODELGATE_ADMIN_TOKEN: adminToken,
    },
    upstreams: { main: undefined, spare: undefined, slow: undefined, tokens: tokenAnswer },
    config: ({ main = '', spare = '', slow = '', tokens = '' }) => ({
      models: [
        chatModel('gpt', { main, spare }),
        chatModel('lone', { main }),
        chatModel('left', { slow }),
        chatModel('failing', { main }),
        embeddingModel('vectors', { main }),
        { name: 'azure', connections: [azureConnection(main, tokens)] },
      ],
    }),
  })
}

function tokenAnswer(response: Parameters<typeof sendJson>[0]): void {
  sendJson(response, { token_type: 'Bearer', expires_in: 3600, access_token: 'planted-entra-token' })
}

function azureConnection(url: string, tokens: string): Record<string, unknown> {
  return {
    name: 'entra',
    model_name: 'deployed',
    credentials: {
      creds_type: 'AZURE',
      azure_endpoint: new URL(url).origin,
      api_version: '2024-10-21',
      azure_client_id: 'planted-client',
      azure_client_secret: 'planted-client-secret',
      azure_token_url: `${new URL(tokens).origin}/token`,
    },
  }
}

/** Only of what the control plane keeps is it known how old it is. */
async function keepCredential(scene: Scene): Promise<void> {
  const answer = await scene.request('/ai/api/v1/llm_credentials', {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({
      name: 'kept',
      creds_type: 'AWS',
      aws_region: 'eu-central-1',
      aws_access_key_id: 'PLANTEDACCESSKEY',
      aws_secret_access_key: 'planted-secret-access-key',
      aws_session_token: 'planted-session-token',
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    }),
  })
  if (answer.status !== 201) throw new Error(`the credential was not kept: ${await answer.text()}`)
}

async function sendTraffic(scene: Scene): Promise<void> {
  const { main, slow } = scene.upstreams as {
    main: Scene['upstreams'][string]
    slow: Scene['upstreams'][string]
  }
  const send = async (body: Record<string, unknown>, headers: Record<string, string> = {}) => {
    const answer = await scene.chat(body, headers)
    await answer.text().catch(() => '')
    return answer.status
  }
  const statuses: number[] = []
  main.script = (response) => sendJson(response, { ...chatOf('hello'), usage })
  statuses.push(await send({}), await send({ model: 'azure' }))
  main.script = chatAnswer('hello there')
  statuses.push(await send({ stream: true }), await send({ stream: true, model: 'lone' }))
  main.script = (response) =>
    sendJson(response, {
      object: 'list',
      model: 'upstream-model',
      data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
  statuses.push(await embed(scene), (await scene.request('/v1/models')).status)
  statuses.push(
    await send({ model: 'nobody-has-this' }),
    await send({}, { authorization: 'Bearer no.such.token' }),
  )
  statuses.push((await scene.request('/v1/images/generations', { method: 'POST', body: '{}' })).status)

  main.script = (response) => {
    startSse(response)
    response.write(event(chunkBody({ content: 'and then' })), () => response.destroy())
  }
  statuses.push(await send({ stream: true, model: 'lone' }))
  await leave(scene, slow)
  main.script = failure(500, 'the provider has fallen over')
  statuses.push(await send({}), await send({ model: 'failing' }))
  main.script = failure(429, 'too many', { 'retry-after': '600' })
  statuses.push(await send({ model: 'lone' }), await send({ model: 'lone' }))
  const expected = [200, 200, 200, 200, 200, 200, 404, 401, 404, 200, 200, 502, 429, 429]
  if (statuses.join() !== expected.join()) throw new Error(`the traffic was answered ${statuses.join()}`)
}

function chatOf(content: string): Record<string, unknown> {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  }
}

async function embed(scene: Scene): Promise<number> {
  const body = JSON.stringify({ model: 'vectors', input: 'hello' })
  return (await scene.request('/v1/embeddings', { method: 'POST', body })).status
}

/** A client that goes while the upstream has not yet answered. */
async function leave(scene: Scene, slow: Scene['upstreams'][string]): Promise<void> {
  slow.script = () => {}
  const socket = openSocket(scene)
  const { head, body } = rawChat(scene, { model: 'left' })
  socket.write(head + body)
  await until('the upstream was asked', () => slow.requests.length > 0)
  socket.destroy()
  await until('the upstream is left', () => slow.requests.at(-1)?.abortedAt)
}
