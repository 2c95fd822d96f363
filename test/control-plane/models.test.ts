import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { credentials, models, createDeclarations } from '../support/declarations.ts'
import { chatAnswer, sendJson } from '../support/upstream.ts'

// The statements of the contract, one after the other; every answer is checked against the document besides.
let plane: ControlPlane
const { fresh, made, expectRefusal, withCredential, withModel } = createDeclarations(() => plane)

beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

describe('models', () => {
  it('come with a first connection and the names that were left out', async () => {
    const { model, credential } = await withModel({ display_name: ' ' })
    expect(model).toMatchObject({
      name: expect.stringMatching(/^gpt/) as string,
      display_name: model['name'],
      integration: 'easy',
      team_access: 'all',
      policy: 'weighted',
      supported_stages: ['planning', 'tool_call', 'summarization', 'guardrail'],
      builtin: false,
      managed_by: 'store',
      used_by_routes: [],
      last_used_at: null,
      health: { status: 'unknown' },
      connections: [
        {
          name: 'default',
          weight: 1,
          priority: 0,
          enabled: true,
          llm_credentials_id: credential.id,
          state: { state: 'ready' },
        },
      ],
    })
    const { body } = await plane.call('GET', `${credentials}/${credential.id}`)
    expect(body['used_by']).toEqual([{ id: model.id, name: model['name'] }])
  })

  it('may be called anything but what holds #, and nothing twice', async () => {
    const { id } = await withCredential()
    const make = (name: string) => ({ name, model_name: 'm', llm_credentials_id: id })
    const name = fresh('vendor/model: large')
    await made(models, make(name))
    await expectRefusal('POST', models, make(name.toUpperCase()), 409, { code: 'conflict', field: 'name' })
    await expectRefusal('POST', models, make('a#b'), 400, { code: 'invalid_field', field: 'name' })
    const route = fresh('route')
    await made('/routes', { name: route, default: [name] })
    await expectRefusal('POST', models, make(route), 409, { code: 'conflict', field: 'name' })
    await expectRefusal('POST', '/routes', { name, default: [name] }, 409, {
      code: 'conflict',
      field: 'name',
    })
  })

  it('need one credential, that is there and of the provider', async () => {
    const { id } = await withCredential()
    const body = { model_name: 'm' }
    await expectRefusal('POST', models, body, 400, { field: 'llm_credentials_id' })
    await expectRefusal('POST', models, { ...body, llm_credentials_id: 'none' }, 400, {
      field: 'llm_credentials_id',
    })
    await expectRefusal('POST', models, { ...body, llm_credentials_id: id, provider: 'cohere' }, 400, {
      code: 'provider_mismatch',
    })
    await expectRefusal('POST', models, { ...body, llm_credentials_id: id, colour: 'red' }, 400, {
      code: 'unknown_field',
      field: 'colour',
    })
  })

  it('are made many at once, all or none', async () => {
    const { id } = await withCredential()
    const [one, two] = [fresh('batch'), fresh('batch')]
    const twice = {
      llm_credentials_id: id,
      models: [{ model_name: one }, { model_name: two }, { model_name: one }],
    }
    await expectRefusal('POST', `${models}/batch`, twice, 409, { code: 'conflict', field: 'models[2].name' })
    expect((await plane.call('GET', `${models}?q=${encodeURIComponent(one)}`)).body['items']).toEqual([])
    const all = await plane.call('POST', `${models}/batch`, { ...twice, models: twice.models.slice(0, 2) })
    expect(all).toMatchObject({ status: 201, body: { items: [{ name: one }, { name: two }] } })
  })

  it('keep what is absent and clear what is null', async () => {
    const { model } = await withModel({ display_name: 'Shown', team_access: ['research'] })
    const path = `${models}/${model.id}`
    const changed = await plane.call('PATCH', path, { display_name: null, policy: 'affinity' })
    expect(changed.body).toMatchObject({
      display_name: model['name'],
      policy: 'affinity',
      team_access: ['research'],
    })
    const open = await plane.call('PATCH', path, { team_access: null })
    expect(open.body['team_access']).toBe('all')
    await expectRefusal('PATCH', path, { is_embedding: true }, 400, { code: 'immutable_field' })
    await expectRefusal('PATCH', path, { credentials: { api_key: 'x' } }, 409, {
      code: 'conflict',
      field: 'credentials',
    })
  })

  it('with one inline credential let it be changed with them, and it is not listed', async () => {
    const inline = {
      creds_type: 'API_KEY',
      provider: 'openai',
      api_key: 'mine',
      base_url: plane.upstream.url,
    }
    const name = fresh('inline')
    const model = await made(models, { name, model_name: 'm', credentials: inline })
    expect(model['connections']).toMatchObject([{ llm_credentials_id: null }])
    const listed = await plane.call('GET', `${credentials}?q=${encodeURIComponent(name)}`)
    expect(listed.body['items']).toEqual([])
    const changed = await plane.call('PATCH', `${models}/${model.id}`, { credentials: { api_key: 'yours' } })
    expect(changed.status).toBe(200)
    await expectRefusal('PATCH', `${models}/${model.id}`, { credentials: { colour: 'red' } }, 400, {
      field: 'credentials.colour',
    })
  })

  it('take fields of that credential also beside their own', async () => {
    const inline = { creds_type: 'API_KEY', provider: 'openai', base_url: plane.upstream.url }
    const body = { name: fresh('beside'), model_name: 'm', credentials: { ...inline, api_key: 'mine' } }
    const { id } = await made(models, body)
    const path = `${models}/${id}`
    plane.upstream.script = chatAnswer('hello')
    const sentKey = async () => {
      await plane.call('POST', `${path}/test`, { prompt: 'hi' })
      return plane.upstream.requests.at(-1)?.headers.authorization
    }
    const changed = await plane.call('PATCH', path, { api_key: 'yours', display_name: 'Shown' })
    expect(changed).toMatchObject({ status: 200, body: { display_name: 'Shown' } })
    expect(await sentKey()).toBe('Bearer yours')
    expect((await plane.call('PATCH', path, { api_key: ' ' })).status).toBe(200)
    expect(await sentKey()).toBe('Bearer yours')
    const refused = (fields: object, error: Record<string, unknown>) =>
      expectRefusal('PATCH', path, fields, 400, error)
    await refused({ api_key: null }, { code: 'invalid_field', field: 'api_key' })
    await refused({ aws_region: 'eu-west-1' }, { code: 'unknown_field', field: 'aws_region' })
    await refused({ base_url: 'https://10.0.0.1' }, { code: 'base_url_not_allowed', field: 'base_url' })
    await refused({ api_key: 'a', credentials: { api_key: 'b' } }, { field: 'api_key' })
    const { model } = await withModel()
    await expectRefusal('PATCH', `${models}/${model.id}`, { api_key: 'x' }, 409, {
      code: 'conflict',
      field: 'api_key',
    })
  })

  it('by a template are compiled when they are saved', async () => {
    const credential = await made(credentials, {
      name: fresh('custom'),
      creds_type: 'CUSTOM',
      secrets: { token: 't' },
    })
    const custom = {
      url: 'https://api.example.com/run',
      headers: { authorization: 'Bearer {{token}}' },
      request: '{ "prompt": messages[0].content }',
      response: { text: 'answer' },
    }
    const body = { model_name: 'm', llm_credentials_id: credential.id }
    await expectRefusal('POST', models, { ...body, name: fresh('c') }, 400, { field: 'custom' })
    const broken = { ...custom, response: { text: 'answer[' } }
    await expectRefusal('POST', models, { ...body, name: fresh('c'), custom: broken }, 400, {
      field: 'custom.response.text',
    })
    const model = await made(models, { ...body, name: fresh('c'), custom })
    expect(model).toMatchObject({ integration: 'api', source: 'api.example.com' })
  })

  it('answer a prompt beside the pool', async () => {
    plane.upstream.script = (response) =>
      sendJson(response, {
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 },
      })
    const { model } = await withModel()
    const good = await plane.call('POST', `${models}/${model.id}/test`, { prompt: 'hi' })
    expect(good.body).toMatchObject({ success: true, text: 'hello', usage: { input: 2, output: 1 } })
    plane.upstream.script = (response) => sendJson(response, { error: { message: 'no' } }, 500)
    const bad = await plane.call('POST', `${models}/${model.id}/test`, {
      prompt: 'hi',
      connection: 'default',
    })
    expect(bad.body).toMatchObject({ success: false, error: expect.stringContaining('500') as string })
    await expectRefusal('POST', `${models}/${model.id}/test`, { prompt: 'hi', connection: 'none' }, 404, {
      field: 'connection',
    })
  })

  it('are probed on demand', async () => {
    const { model } = await withModel()
    plane.upstream.script = (response) =>
      sendJson(response, { error: { message: 'no such model', code: 'model_not_found' } }, 404)
    const sick = await plane.call('POST', `${models}/${model.id}/health/refresh`)
    expect(sick.body).toMatchObject({
      status: 'unhealthy',
      connections: [{ reason: 'model_not_found', checked_by: 'probe' }],
    })
    const explained = await plane.call('POST', '/explain', { model: model['name'] })
    expect(explained.body).toMatchObject({ excluded: [{ why: 'unhealthy', reason: 'model_not_found' }] })
  })
})

describe('connections', () => {
  it('have a name of their own, kept for ever, and a key of their own', async () => {
    const { model, credential, connections } = await withModel()
    const path = `${models}/${model.id}/connections`
    const body = { name: 'second', llm_credentials_id: credential.id, model_name: 'another' }
    const second = await made(path, body)
    await expectRefusal('POST', path, { ...body, name: 'SECOND' }, 409, { code: 'conflict', field: 'name' })
    await expectRefusal('POST', path, { ...body, name: 'third' }, 409, { code: 'conflict' })
    await expectRefusal('PATCH', `${path}/${second.id}`, { name: 'other' }, 400, {
      code: 'immutable_field',
      field: 'name',
    })
    const first = connections[0]?.id ?? ''
    await expectRefusal('PATCH', `${path}/${first}`, { model_name: 'another' }, 409, { code: 'conflict' })
    const changed = await plane.call('PATCH', `${path}/${second.id}`, { weight: 3, enabled: false })
    expect(changed.body).toMatchObject({ weight: 3, enabled: false, state: { state: 'disabled' } })
    expect((await plane.call('PATCH', `${path}/${second.id}`, { weight: null })).body['weight']).toBe(1)
    expect((await plane.call('DELETE', `${path}/${second.id}`)).status).toBe(204)
    await expectRefusal('DELETE', `${path}/${first}`, undefined, 409, { code: 'in_use' })
    await expectRefusal('GET', `${path}/${second.id}`, undefined, 404, { code: 'not_found' })
  })

  it('would hold one key after a rotation: that is refused', async () => {
    const { model } = await withModel({ model_name: 'same' })
    const other = await withCredential()
    const path = `${models}/${model.id}/connections`
    await made(path, { name: 'second', llm_credentials_id: other.id, model_name: 'same' })
    const users = (await plane.call('GET', path)).body['items'] as { credentials_name: string }[]
    const taken = `sk-of ${users.find(({ credentials_name: name }) => name !== other['name'])?.credentials_name}`
    await expectRefusal('PATCH', `${credentials}/${other.id}`, { api_key: taken }, 409, { code: 'conflict' })
  })
})
