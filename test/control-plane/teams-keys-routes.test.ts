import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { credentials, models, createDeclarations } from '../support/declarations.ts'
import { sendJson } from '../support/upstream.ts'

// The statements of the contract, one after the other; every answer is checked against the document besides.
let plane: ControlPlane
const { fresh, made, expectRefusal, withCredential, withModel } = createDeclarations(() => plane)

beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

describe('teams, keys and routes', () => {
  it('a deleted team is taken out of every list', async () => {
    const team = await made('/teams', { name: fresh('team'), description: 'x' })
    const { model } = await withModel({ team_access: [team['name'], 'unregistered'] })
    await expectRefusal('POST', '/teams', { name: String(team['name']).toUpperCase() }, 409, {
      code: 'conflict',
    })
    expect(
      (await plane.call('PATCH', `/teams/${team.id}`, { description: null })).body['description'],
    ).toBeNull()
    expect((await plane.call('DELETE', `/teams/${team.id}`)).status).toBe(204)
    expect((await plane.call('GET', `${models}/${model.id}`)).body['team_access']).toEqual(['unregistered'])
  })

  it('a key is shown once, works, and is refused once revoked', async () => {
    plane.upstream.script = (response) => sendJson(response, { object: 'list', data: [] })
    const expires = new Date(Date.now() + 3_600_000).toISOString()
    const issued = await made('/keys', { name: fresh('app'), team: 'research', expires_at: expires })
    const ask = () =>
      fetch(`${plane.gateway.url}/v1/models`, {
        headers: { authorization: `Bearer ${String(issued['key'])}` },
      })
    expect((await ask()).status).toBe(200)
    expect((await plane.call('GET', `/keys/${issued.id}`)).body).not.toHaveProperty('key')
    expect((await plane.call('DELETE', `/keys/${issued.id}`)).status).toBe(204)
    expect((await ask()).status).toBe(401)
    expect((await plane.call('GET', `/keys/${issued.id}`)).body['status']).toBe('revoked')
    await expectRefusal('POST', '/keys', { name: 'x', team: 'y', expires_at: '2020-01-01T00:00:00Z' }, 400, {
      field: 'expires_at',
    })
  })

  it('a route names models that serve its stages', async () => {
    const { model } = await withModel({ supported_stages: ['planning'] })
    const name = model['name']
    await expectRefusal('POST', '/routes', { name: fresh('r'), default: ['no such model'] }, 400, {
      field: 'default[0]',
    })
    await expectRefusal(
      'POST',
      '/routes',
      { name: fresh('r'), default: [name], stages: { guardrail: [name] } },
      400,
      { field: 'stages.guardrail[0]' },
    )
    await expectRefusal(
      'POST',
      '/routes',
      { name: fresh('r'), default: [name], stages: { dreaming: [name] } },
      400,
      { field: 'stages.dreaming' },
    )
    const route = await made('/routes', { name: fresh('r'), default: [name], stages: { planning: [name] } })
    await expectRefusal('PATCH', `${models}/${model.id}`, { supported_stages: ['guardrail'] }, 409, {
      field: 'supported_stages',
    })
    await expectRefusal('DELETE', `${models}/${model.id}`, undefined, 409, { code: 'in_use' })
    const renamed = await plane.call('PATCH', `${models}/${model.id}`, { name: fresh('renamed') })
    expect((await plane.call('GET', `/routes/${route.id}`)).body).toMatchObject({
      default: [renamed.body['name']],
    })
    expect((await plane.call('DELETE', `/routes/${route.id}`)).status).toBe(204)
    expect((await plane.call('DELETE', `${models}/${model.id}`)).status).toBe(204)
  })

  it('what a team may not use is left out, with the reason', async () => {
    const { model } = await withModel({ team_access: ['research'] })
    const explain = async (team: string) =>
      (await plane.call('POST', '/explain', { model: model['name'], team })).body
    expect(await explain('research')).toMatchObject({
      candidates: [{ connection: 'default', as: 'ready' }],
      excluded: [],
    })
    expect(await explain('support')).toMatchObject({ candidates: [], excluded: [{ why: 'team' }] })
    await expectRefusal('POST', '/explain', { model: 'none' }, 404, { code: 'not_found', field: 'model' })
  })
})

describe('the catalogue and the trail', () => {
  it('a form can be drawn for every provider', async () => {
    const { body } = await plane.call('GET', '/providers')
    const items = body['items'] as {
      id: string
      fields: { name: string; required: boolean; secret: boolean }[]
    }[]
    expect(items.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'openai',
        'anthropic',
        'azure_openai',
        'bedrock',
        'google',
        'cohere',
        'huggingface',
        'nvidia',
        'writer',
        'custom',
        'groq',
        'vllm',
      ]),
    )
    expect(items.find(({ id }) => id === 'bedrock')?.fields).toContainEqual(
      expect.objectContaining({ name: 'aws_region', required: true, secret: false }),
    )
  })

  it('every change and refusal is on record, and the chain holds', async () => {
    const { id } = await withCredential()
    await plane.call('PATCH', `${credentials}/${id}`, { status: 'inactive' })
    await plane.call('DELETE', `${credentials}/${id}`)
    const { body } = await plane.call('GET', `/audit?entity_id=${id}`)
    expect((body['items'] as { action: string }[]).map(({ action }) => action)).toEqual([
      'credential.delete',
      'credential.update',
      'credential.create',
    ])
    expect(JSON.stringify(body)).not.toContain('sk-of')
    await plane.call('DELETE', `${credentials}/${id}`)
    const refusals = await plane.call('GET', '/audit?action=refused&limit=1')
    expect(refusals.body['items']).toMatchObject([{ after: { code: 'not_found' }, address: '127.0.0.1' }])
    expect((await plane.call('GET', '/audit/verify')).body).toMatchObject({ ok: true, broken: null })
  })
})
