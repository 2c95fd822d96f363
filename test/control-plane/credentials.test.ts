import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { credentials, models, createDeclarations } from '../support/declarations.ts'
import { sendJson } from '../support/upstream.ts'

// The statements of the contract, one after the other; every answer is checked against the document besides.
let plane: ControlPlane
const { fresh, key, made, expectRefusal, withCredential, withModel } = createDeclarations(() => plane)

beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

describe('credentials', () => {
  it.each([
    [
      { creds_type: 'AWS', aws_access_key_id: 'a', aws_secret_access_key: 'b' },
      'aws_region is required',
      'aws_region',
    ],
    [{ creds_type: 'API_KEY', provider: 'openai' }, 'api_key is required for API_KEY creds type', 'api_key'],
    [{ creds_type: 'API_KEY' }, 'api_key is required for API_KEY creds type', 'api_key'],
    [
      { creds_type: 'AZURE', api_key: 'k', api_version: 'v1' },
      'azure_endpoint and api_version are required',
      'azure_endpoint',
    ],
    [
      { creds_type: 'AZURE', api_key: 'k', azure_endpoint: 'https://a.test' },
      'azure_endpoint and api_version are required',
      'api_version',
    ],
  ])('%j: %s', async (declared, message, field) => {
    await expectRefusal('POST', credentials, { name: fresh('x'), ...declared }, 400, {
      message,
      code: 'invalid_field',
      field,
    })
  })

  it.each([
    ['API_KEY', { provider: 'openai', api_key: 'k' }],
    ['API_KEY', { api_key: 'k' }],
    ['API_KEY', { provider: 'ollama' }],
    ['AWS', { aws_region: 'eu-west-1', aws_access_key_id: 'AKIA', aws_secret_access_key: 's' }],
    ['AWS', { aws_region: 'eu-west-1', aws_role_arn: 'arn:aws:iam::1:role/x', aws_external_id: 'e' }],
    ['AWS', { aws_region: 'xx-future-9', aws_bearer_token: 't' }],
    ['AZURE', { azure_endpoint: 'https://a.openai.azure.com/', api_version: '2024-10-21', api_key: 'k' }],
    [
      'AZURE',
      {
        azure_endpoint: 'https://a.openai.azure.com',
        api_version: 'v1',
        azure_client_id: 'c',
        azure_client_secret: 's',
        azure_token_url: 'https://login.microsoftonline.com/t/oauth2/v2.0/token',
      },
    ],
    ['GCP', { api_key: 'k' }],
    ['CUSTOM', { secrets: { token: 't' } }],
  ])('%s %j is saved, and shows no secret', async (type, fields) => {
    const view = await made(credentials, { name: fresh('account'), creds_type: type, ...fields })
    expect(view).toMatchObject({
      creds_type: type,
      status: 'active',
      used_by: [],
      managed_by: 'store',
      version: 1,
    })
    for (const secret of Object.values(view['secrets'] as Record<string, unknown>)) {
      expect(secret).toMatchObject({
        set: true,
        fingerprint: expect.stringMatching(/^[\da-f]{8}$/) as string,
      })
    }
  })

  it('of one key have one fingerprint, and of another another', async () => {
    const prints = []
    for (const secret of ['same', 'same', 'other']) {
      const view = await made(credentials, key(fresh('account'), { api_key: secret }))
      prints.push((view['secrets'] as { api_key: { fingerprint: string } }).api_key.fingerprint)
    }
    expect(prints[0]).toBe(prints[1])
    expect(prints[0]).not.toBe(prints[2])
  })

  it('keep a secret that is absent or blank, and their type and provider for ever', async () => {
    const { id, secrets } = await withCredential()
    const path = `${credentials}/${id}`
    const kept = await plane.call('PATCH', path, { api_key: '  ', status: 'inactive' })
    expect(kept.body).toMatchObject({ status: 'inactive', secrets, rotated_at: null, version: 2 })
    const rotated = await plane.call('PATCH', path, { api_key: 'another' })
    expect(rotated.body['secrets']).not.toEqual(secrets)
    expect(rotated.body['rotated_at']).not.toBeNull()
    expect((await plane.call('PATCH', path, { base_url: null })).body).not.toHaveProperty('base_url')
    await expectRefusal('PATCH', path, { creds_type: 'AWS' }, 400, {
      code: 'immutable_field',
      field: 'creds_type',
    })
    await expectRefusal('PATCH', path, { provider: 'groq' }, 400, {
      code: 'immutable_field',
      field: 'provider',
    })
    await expectRefusal('PATCH', path, { api_key: null }, 400, { code: 'invalid_field', field: 'api_key' })
    await expectRefusal('PATCH', path, { aws_region: 'eu-west-1' }, 400, {
      code: 'unknown_field',
      field: 'aws_region',
    })
  })

  it('have names that are one whatever their capitals, composition and spaces', async () => {
    const name = fresh('Schlüssel')
    const view = await made(credentials, key(`  ${name}  `))
    expect(view['name']).toBe(name)
    for (const same of [name, name.toUpperCase(), name.normalize('NFD')]) {
      await expectRefusal('POST', credentials, key(same), 409, { code: 'conflict', field: 'name' })
    }
  })

  it('hold on to what was seen: If-Match is 412, an old version 409', async () => {
    const { id } = await withCredential()
    const path = `${credentials}/${id}`
    const first = await plane.call('GET', path)
    expect(first.headers.get('etag')).toBe('"1"')
    await expectRefusal(
      'PATCH',
      path,
      { status: 'inactive' },
      412,
      { code: 'precondition_failed' },
      { 'if-match': '"9"' },
    )
    await expectRefusal('PATCH', path, { status: 'inactive', version: 9 }, 409, { code: 'version_conflict' })
    const changed = await plane.call('PATCH', path, { status: 'inactive', version: 1 }, { 'if-match': '"1"' })
    expect(changed.headers.get('etag')).toBe('"2"')
    await expectRefusal(
      'DELETE',
      path,
      undefined,
      412,
      { code: 'precondition_failed' },
      { 'if-match': '"1"' },
    )
  })

  it('are deleted with what they carry only when that is asked for', async () => {
    const { credential, model } = await withModel()
    const path = `${credentials}/${credential.id}`
    const { body } = await plane.call('DELETE', path)
    expect(body).toMatchObject({ error: { code: 'in_use' } })
    expect(JSON.stringify(body)).toContain(String(model['name']))
    expect((await plane.call('DELETE', `${path}?cascade=true`)).status).toBe(204)
    await expectRefusal('GET', `${models}/${model.id}`, undefined, 404, { code: 'not_found' })
    await expectRefusal('GET', path, undefined, 404, { code: 'not_found' })
  })

  it('are listed by what is asked for, a page at a time', async () => {
    const mark = fresh('listed')
    for (const letter of ['a', 'b', 'c']) await made(credentials, key(`${mark} ${letter}`))
    await made(credentials, { name: `${mark} d`, creds_type: 'CUSTOM', secrets: { a: 'b' } })
    const list = async (query: string) =>
      (await plane.call('GET', `${credentials}?q=${encodeURIComponent(mark)}${query}`)).body as {
        items: { name: string }[]
        next: string | null
      }
    const first = await list('&limit=2')
    expect(first.items.map(({ name }) => name.at(-1))).toEqual(['a', 'b'])
    await made(credentials, key(`${mark} 0`))
    const second = await list(`&limit=2&cursor=${first.next}`)
    expect(second).toMatchObject({ items: [{ name: `${mark} c` }, { name: `${mark} d` }], next: null })
    expect((await list('&creds_type=CUSTOM')).items).toHaveLength(1)
    expect((await list('&provider=openai')).items).toHaveLength(4)
    expect((await list('&status=inactive')).items).toHaveLength(0)
    await expectRefusal('GET', `${credentials}?cursor=nonsense`, undefined, 400, {
      code: 'invalid_cursor',
      field: 'cursor',
    })
    await expectRefusal('GET', `${credentials}?order=up`, undefined, 400, {
      code: 'unknown_field',
      field: 'order',
    })
  })

  it('show a secret to who asks for it, and that is on record', async () => {
    const { id, name } = await withCredential()
    const shown = await plane.call('POST', `${credentials}/${id}/reveal`, { field: 'api_key' })
    expect(shown.body).toEqual({ value: `sk-of ${String(name)}` })
    expect(shown.headers.get('cache-control')).toBe('no-store')
    const { body } = await plane.call('GET', `/audit?action=credential.reveal&entity_id=${id}`)
    expect(body['items']).toMatchObject([{ actor: { subject: 'admin-token' }, after: { field: 'api_key' } }])
    await expectRefusal('POST', `${credentials}/${id}/reveal`, { field: 'toString' }, 404, {
      code: 'not_found',
    })
  })

  it('may not lead where the gateway may not go', async () => {
    for (const url of [
      'https://10.0.0.1',
      'https://169.254.169.254/latest',
      'https://[::ffff:10.0.0.1]',
      'https://0xa000001',
    ]) {
      const { status, body } = await plane.call('POST', credentials, key(fresh('x'), { base_url: url }))
      expect({ url, status, body }).toMatchObject({
        status: 400,
        body: { error: { code: 'base_url_not_allowed', field: 'base_url' } },
      })
      expect(JSON.stringify(body)).toContain('upstream.allow_networks')
    }
  })
})

describe('validation', () => {
  it('lists what the account may use', async () => {
    plane.upstream.script = (response) =>
      sendJson(response, {
        object: 'list',
        data: [{ id: 'gpt-4o' }, { id: 'text-embedding-3-small' }, { id: 'dall-e-3' }],
      })
    const { id } = await withCredential()
    const all = await plane.call('POST', `${credentials}/${id}/validate`, {})
    expect(all.body).toMatchObject({ valid: true, models: ['gpt-4o', 'text-embedding-3-small'], error: null })
    const embedding = await plane.call('POST', `${credentials}/${id}/validate`, { is_embedding: true })
    expect(embedding.body['models']).toEqual(['text-embedding-3-small'])
  })

  it('says which failure it is, always with 200, and the credential shows it', async () => {
    plane.upstream.script = (response) => sendJson(response, { error: { message: 'Incorrect API key' } }, 401)
    const { id } = await withCredential()
    const { body } = await plane.call('POST', `${credentials}/${id}/validate`)
    expect(body).toMatchObject({
      valid: false,
      reason: 'authentication',
      error: expect.stringMatching(/^401: /) as string,
    })
    expect((await plane.call('GET', `${credentials}/${id}`)).body).toMatchObject({ status: 'error' })
    const unsaved = await plane.call('POST', `${credentials}/validate`, {
      credentials: { creds_type: 'API_KEY', provider: 'openai', api_key: 'k', base_url: plane.upstream.url },
      model_name: 'gpt-4o',
    })
    expect(unsaved.body).toMatchObject({ valid: false, reason: 'authentication' })
  })

  it('takes only a provider that fits', async () => {
    const { id } = await withCredential()
    await expectRefusal('POST', `${credentials}/${id}/validate`, { provider: 'anthropic' }, 400, {
      code: 'provider_mismatch',
      field: 'provider',
    })
  })
})
