import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { createDeclarations, models } from '../support/declarations.ts'
import { openaiKey } from '../support/fleet.ts'
import { chatAnswer, chatBody, failure, type Script, sendJson } from '../support/upstream.ts'

let plane: ControlPlane
let token: string
const { made, expectRefusal } = createDeclarations(() => plane)

const ids: Record<string, string> = {}
const connectionOf: Record<string, string> = {}

async function makeModel(name: string, more: Record<string, unknown> = {}): Promise<void> {
  const credential = openaiKey(`sk-${name}`, plane.upstream.url)
  const model = await made(models, { name, model_name: `${name}-upstream`, credentials: credential, ...more })
  const [connection] = model['connections'] as { id: string }[]
  ids[name] = model.id
  connectionOf[name] = `${models}/${model.id}/connections/${connection?.id}`
}

beforeAll(async () => {
  plane = await startControlPlane()
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  token = String((await made('/keys', { name: 'app', team: 'crew', expires_at: expires }))['key'])
  await makeModel('planner', { supported_stages: ['planning', 'summarization'] })
  await makeModel('guard', { supported_stages: ['guardrail'] })
  await makeModel('writer')
  await makeModel('closed', { team_access: ['others'] })
  await made('/routes', {
    name: 'auto',
    stages: { planning: ['planner', 'writer'], guardrail: ['guard'], summarization: ['closed', 'planner'] },
    default: ['writer'],
  })
  await made('/routes', { name: 'closed route', default: ['closed'] })
})
afterAll(() => plane?.stop())

/** Answers with the model that was asked for. */
const echoModel: Script = (response, request) => sendJson(response, chatBody(String(request.json()['model'])))
beforeEach(() => {
  plane.upstream.script = echoModel
})

interface Answer {
  readonly status: number
  /** The model upstream that answered, or the error's code. */
  readonly by: string | undefined
}

async function ask(
  body: Record<string, unknown> = {},
  headers: Record<string, string> = {},
  model = 'auto',
): Promise<Answer> {
  const response = await fetch(`${plane.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], ...body }),
  })
  const answer = (await response.json()) as {
    choices?: { message: { content: string } }[]
    error?: { code: string }
  }
  return { status: response.status, by: answer.choices?.[0]?.message.content ?? answer.error?.code }
}

const stage = (name: string) => ({ 'x-modelgate-stage': name })

describe('a route', () => {
  it('goes by the stage of the header, or of the metadata, the header first', async () => {
    expect(await ask({}, stage('planning'))).toEqual({ status: 200, by: 'planner-upstream' })
    expect(await ask({ metadata: { stage: 'planning' } })).toEqual({ status: 200, by: 'planner-upstream' })
    expect(await ask({ metadata: { stage: 'planning' } }, stage('guardrail'))).toEqual({
      status: 200,
      by: 'guard-upstream',
    })
  })

  it('goes to its default where no stage is named, or one that it does not list', async () => {
    expect(await ask()).toEqual({ status: 200, by: 'writer-upstream' })
    expect(await ask({}, stage('tool_call'))).toEqual({ status: 200, by: 'writer-upstream' })
    expect(await ask({ metadata: { stage: 7, user: 'x' } })).toEqual({ status: 200, by: 'writer-upstream' })
  })

  it('takes no stage that there is not', async () => {
    expect(await ask({}, stage('dreaming'))).toEqual({ status: 400, by: 'invalid_request' })
    expect(await ask({ metadata: { stage: 'dreaming' } })).toEqual({ status: 400, by: 'invalid_request' })
    // To a model that is no route, metadata is the caller's own.
    expect(await ask({ metadata: { stage: 'dreaming' } }, {}, 'writer')).toEqual({
      status: 200,
      by: 'writer-upstream',
    })
  })

  it('is taken by an unmodified client', async () => {
    const openai = new OpenAI({ baseURL: `${plane.gateway.url}/v1`, apiKey: token, maxRetries: 0 })
    const answer = await openai.chat.completions.create({
      model: 'auto',
      messages: [{ role: 'user', content: 'hello' }],
      metadata: { stage: 'planning' },
    })
    expect(answer.choices[0]?.message.content).toBe('planner-upstream')
  })

  it('passes over models that the caller may not use, and is not there where it may use none', async () => {
    expect(await ask({}, stage('summarization'))).toEqual({ status: 200, by: 'planner-upstream' })
    expect(await ask({}, {}, 'closed route')).toEqual({ status: 404, by: 'model_not_found' })
    const list = await fetch(`${plane.gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { data } = (await list.json()) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['auto', 'planner', 'guard', 'writer']))
    expect(data.map(({ id }) => id)).not.toEqual(expect.arrayContaining(['closed route']))
  })

  it('goes on to the next model where one has no connection to offer', async () => {
    const off = await plane.call('PATCH', connectionOf['planner'] ?? '', { enabled: false })
    expect(off.status).toBe(200)
    expect(await ask({}, stage('planning'))).toEqual({ status: 200, by: 'writer-upstream' })
    // Where it is the only one left, that is what the client is told.
    expect(await ask({}, stage('summarization'))).toEqual({ status: 503, by: 'no_enabled_connection' })
    await plane.call('PATCH', connectionOf['planner'] ?? '', { enabled: true })
    expect(await ask({}, stage('planning'))).toEqual({ status: 200, by: 'planner-upstream' })
  })

  it('goes on within the request where the provider fails, and not where the request is at fault', async () => {
    const planner = (script: Script): Script => {
      return (response, request, socket) =>
        (request.json()['model'] === 'planner-upstream' ? script : echoModel)(response, request, socket)
    }
    plane.upstream.script = planner(failure(400, 'no such parameter'))
    expect(await ask({}, stage('planning'))).toMatchObject({ status: 400 })
    plane.upstream.script = planner(failure(429, 'slow down', { 'retry-after': '60' }))
    expect(await ask({}, stage('planning'))).toEqual({ status: 200, by: 'writer-upstream' })
    // It cools: the next request goes to the other at once.
    const before = plane.upstream.requests.length
    expect(await ask({}, stage('planning'))).toEqual({ status: 200, by: 'writer-upstream' })
    expect(plane.upstream.requests).toHaveLength(before + 1)
    const explained = await plane.call('POST', '/explain', { model: 'auto', stage: 'planning' })
    expect(explained.body).toMatchObject({ excluded: [{ why: 'cooling' }] })
  })

  it('streams, too', async () => {
    plane.upstream.script = chatAnswer('from a stream')
    const openai = new OpenAI({ baseURL: `${plane.gateway.url}/v1`, apiKey: token, maxRetries: 0 })
    const chunks = await openai.chat.completions.create(
      { model: 'auto', messages: [{ role: 'user', content: 'hello' }], stream: true },
      { headers: stage('guardrail') },
    )
    let text = ''
    for await (const { choices } of chunks) text += choices[0]?.delta.content ?? ''
    expect(text).toBe('from a stream')
    expect(plane.upstream.requests.at(-1)?.json()).toMatchObject({ model: 'guard-upstream' })
  })

  it('is saved only with models for stages that they support, also when it is changed', async () => {
    const route = await made('/routes', { name: 'changing', default: ['writer'] })
    await expectRefusal('PATCH', `/routes/${route.id}`, { stages: { planning: ['writer', 'guard'] } }, 400, {
      code: 'invalid_field',
      field: 'stages.planning[1]',
    })
    await expectRefusal('DELETE', `${models}/${ids['guard']}`, undefined, 409, { code: 'in_use' })
    const kept = await plane.call('GET', `/routes/${route.id}`)
    expect(kept.body).toMatchObject({ stages: {}, default: ['writer'], version: 1 })
  })
})
