import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Credential } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { SignerName, UpstreamRequest } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import { createSigners } from './signers.ts'

const request: UpstreamRequest = {
  method: 'POST',
  url: 'https://api.example.com/v1/chat/completions',
  headers: { 'content-type': 'application/json' },
  body: '{}',
}
const { signal } = new AbortController()

function credential(secrets: Record<string, string>): Credential {
  return {
    id: 'credential-1',
    name: 'main',
    type: 'API_KEY',
    provider: 'openai',
    status: 'active',
    settings: {},
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])),
    version: '1',
    managedBy: 'store',
  }
}

describe('createSigners', () => {
  const { sign } = createSigners()

  it.each<[SignerName, Record<string, string>, string, string]>([
    ['bearer', { api_key: 'sk-1' }, 'authorization', 'Bearer sk-1'],
    ['bearer', { aws_bearer_token: 'bedrock-1' }, 'authorization', 'Bearer bedrock-1'],
    ['x-api-key', { api_key: 'sk-1' }, 'x-api-key', 'sk-1'],
    ['api-key', { api_key: 'sk-1' }, 'api-key', 'sk-1'],
    ['x-goog-api-key', { api_key: 'sk-1' }, 'x-goog-api-key', 'sk-1'],
  ])('%s puts the secret of %j into %s', async (name, secrets, header, value) => {
    const signed = await sign(name, request, credential(secrets), signal)
    expect(signed).toEqual({ ...request, headers: { ...request.headers, [header]: value } })
    expect(Object.keys(request.headers)).toEqual(['content-type'])
  })

  it('none leaves the request alone', async () => {
    expect(await sign('none', request, credential({}), signal)).toBe(request)
  })

  it.each([
    ['a line break', 'sk-hunter2\r\nx-admin: 1'],
    ['a line break at its end', 'sk-hunter2\n'],
    ['a tab', 'sk-\thunter2'],
    ['a null character', 'sk-hunter2\0'],
    ['a character outside Latin-1', 'sk-hunter2€'],
    ['a space at its end', 'sk-hunter2 '],
  ])('refuses a key with %s, and does not show it', (_name, value) => {
    let thrown: unknown
    try {
      void sign('bearer', request, credential({ api_key: value }), signal)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'upstream_auth_failed', reason: 'authentication', costly: false })
    expect((thrown as Error).message).toContain('`api_key`')
    expect(inspect(thrown)).not.toContain('hunter2')
  })

  it.each<Record<string, string>>([{}, { api_key: '' }])('refuses a credential without a key', (secrets) => {
    expect(() => sign('x-api-key', request, credential(secrets), signal)).toThrow('has no `api_key`')
  })

  it('takes signers from outside, and says which it has not', async () => {
    const outside = createSigners({
      signers: { sigv4: async (unsigned) => ({ ...unsigned, body: 'signed' }) },
    })
    expect((await outside.sign('sigv4', request, credential({}), signal)).body).toBe('signed')
    expect(() => sign('sigv4', request, credential({}), signal)).toThrow('no signer is named sigv4')
  })

  it('takes secrets and exchanged tokens out of what a provider says, also the token before the last', async () => {
    const tokens = ['first-token', 'second-token', 'third-token']
    const entra = async (unsigned: UpstreamRequest) => ({
      ...unsigned,
      headers: { authorization: `Bearer ${tokens.shift()}` },
    })
    const signers = createSigners({ signers: { entra } })
    const own = credential({ azure_client_secret: 'client-secret' })
    for (let count = 0; count < 3; count++) await signers.sign('entra', request, own, signal)
    const said = new GatewayError('upstream_error', 'client-secret first-token second-token third-token')
    const { message } = signers.withoutSecrets(said, own)
    expect(message).toBe('[redacted] first-token [redacted] [redacted]')
    expect(signers.withoutSecrets(said, credential({})).message).toBe(said.message)
  })
})
