import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'

const half = '"\\ud800"'

describe('values that no upstream could be sent, or that look like others', () => {
  let plane: ControlPlane
  let credentialId: string

  beforeAll(async () => {
    plane = await startControlPlane()
    const credential = { name: 'own', creds_type: 'CUSTOM', secrets: { token: 'own-secret-token' } }
    const { body } = await plane.call('POST', '/llm_credentials', credential)
    credentialId = String(body['id'])
  })
  afterAll(() => plane.stop())

  it.each([
    [
      'a key',
      '/llm_credentials/validate',
      `{"credentials":{"creds_type":"API_KEY","provider":"openai","api_key":${half}}}`,
    ],
    [
      'a model of AWS',
      '/llm_credentials/validate',
      `{"model_name":${half},"credentials":{"creds_type":"AWS","aws_region":"us-east-1","aws_bearer_token":"t"}}`,
    ],
    [
      'a stored key',
      '/llm_credentials',
      `{"name":"h","creds_type":"API_KEY","provider":"openai","api_key":${half}}`,
    ],
  ])('half of a surrogate pair in %s is refused by its place', async (_, path, text) => {
    const { status, body } = await plane.call('POST', path, text)
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_json', field: expect.stringMatching(/api_key|model_name/) } },
    })
  })

  it.each(['0x10', '1e2', ' 10', '', 'abc', '1.5', '-1', '0', '1001'])(
    'limit=%s is refused',
    async (limit) => {
      const { status, body } = await plane.call('GET', `/teams?limit=${encodeURIComponent(limit)}`)
      expect({ status, body }).toMatchObject({ status: 400, body: { error: { field: 'limit' } } })
      expect(JSON.stringify(body)).not.toContain('not a number')
    },
  )

  it('a list has as many items as `limit` says', async () => {
    for (const name of ['one', 'two']) expect((await plane.call('POST', '/teams', { name })).status).toBe(201)
    const { body } = await plane.call('GET', '/teams?limit=1')
    expect(body).toMatchObject({ items: [{ name: 'one' }], next: expect.any(String) })
  })

  it.each([
    'http://169.254.169.254/latest',
    'https://10.0.0.1/',
    'https://0x7f.1.2.3.4/',
    'https://[::ffff:a9fe:a9fe]/',
  ])("a template's address is checked when it is saved: %s", async (url) => {
    const custom = { url, request: '{"q": model}', response: { text: 'answer' } }
    const model = { name: 'own', llm_credentials_id: credentialId, model_name: 'm', custom }
    const { status, body } = await plane.call('POST', '/config/llm', model)
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { field: 'custom.url' } } })
    const models = [{ ...model, name: 'fine', custom: { ...custom, url: 'https://example.com/' } }, model]
    const batch = await plane.call('POST', '/config/llm/batch', {
      llm_credentials_id: credentialId,
      models: models.map(({ name, model_name, custom: own }) => ({ name, model_name, custom: own })),
    })
    expect(batch).toMatchObject({ status: 400, body: { error: { field: 'models[1].custom.url' } } })
  })

  it.each(['tomorrow', '2027-01-01', '2027-01-01T00:00:00', ''])(
    'the end of a key is refused in a sentence: %s',
    async (end) => {
      const { body } = await plane.call('POST', '/keys', { name: 'k', team: 't', expires_at: end })
      expect(body).toMatchObject({
        error: {
          message: 'expires_at must be a time in ISO 8601 with a zone, as 2030-01-31T12:00:00Z',
          field: 'expires_at',
        },
      })
    },
  )
})
