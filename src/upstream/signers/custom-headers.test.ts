import { describe, expect, it } from 'vitest'
import type { Credential } from '../../core/entities.ts'
import { Secret } from '../../core/secret.ts'
import { createSigners } from './signers.ts'

const { sign } = createSigners()
const { signal } = new AbortController()

function signed(headers: Record<string, string>, secrets: Record<string, string>) {
  const credential: Credential = {
    id: 'credential-1',
    name: 'main',
    type: 'CUSTOM',
    provider: 'custom',
    status: 'active',
    settings: {},
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])),
    version: '1',
    managedBy: 'store',
  }
  const url = 'https://models.example.com/{{api_key}}'
  const request = { method: 'POST' as const, url, headers, body: '{"a": "{{api_key}}"}' }
  return Promise.try(() => sign('custom-headers', request, credential, signal))
}

describe('custom-headers', () => {
  it.each<[string, string]>([
    ['Bearer {{api_key}}', 'Bearer key-1'],
    ['{{ api_key }}:{{tenant-id}}', 'key-1:$&'],
    ['plain', 'plain'],
    ['{{not a name}}', '{{not a name}}'],
  ])('makes %j into %j', async (value, expected) => {
    const { headers } = await signed({ 'x-key': value }, { api_key: 'key-1', 'tenant-id': '$&' })
    expect(headers).toEqual({ 'x-key': expected })
  })

  it('puts no secret anywhere but in headers', async () => {
    const { url, body } = await signed({ 'x-key': '{{api_key}}' }, { api_key: 'key-1' })
    expect(`${url} ${String(body)}`).not.toContain('key-1')
  })

  it('fills a secret once: what it holds is no template', async () => {
    const { headers } = await signed({ 'x-key': '{{a}}' }, { a: '{{b}}', b: 'other' })
    expect(headers).toEqual({ 'x-key': '{{b}}' })
  })

  it.each<[string, Record<string, string>, string]>([
    ['{{token}}', { api_key: 'key-1' }, 'token'],
    ['{{constructor}}', { api_key: 'key-1' }, 'constructor'],
    ['{{__proto__}}', { api_key: 'key-1' }, '__proto__'],
    ['{{api_key}}', { api_key: 'key-1\r\nx-admin: 1' }, 'api_key'],
  ])('refuses %s with secrets %#, and tells the name alone', async (value, secrets, name) => {
    const failed: unknown = await signed({ 'x-key': value }, secrets).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'upstream_auth_failed', reason: 'authentication', costly: false })
    expect(String(failed)).toContain(`\`${name}\``)
    expect(String(failed)).not.toContain('key-1')
  })
})
