import { describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import { auditable } from './auditable.ts'
import {
  changeCredential,
  type CredentialChange,
  looseCredential,
  newCredential,
} from './credential-record.ts'
import { createCredentialSecrets } from './credential-secrets.ts'
import { deriveRegistryKeys } from './root-key.ts'
import { inlineCredential, namedCredential } from './schema/credential.ts'
import { keyIdentity } from './schema/same-key.ts'
import type { StoredCredential } from './stored/records.ts'
import { createCatalogue } from './testing/catalogue.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const providers = createCatalogue()
const context = { providers, allowHttp: false }
const keys = deriveRegistryKeys(Buffer.alloc(32, 5))
const keeperOf = (vault = createTestVault()) => createCredentialSecrets({ vault, keys: () => keys })
const secrets = keeperOf()
const [first, later] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z']

const aws = {
  name: 'main',
  creds_type: 'AWS',
  aws_region: 'us-east-1',
  aws_access_key_id: 'AKID',
  aws_secret_access_key: 'planted-secret',
  aws_session_token: 'planted-token',
}
function made(declared: Record<string, unknown> = aws): StoredCredential {
  const read = namedCredential(context).parse(declared)
  return newCredential({ declared: read, inlineOf: null, by: 'somebody', at: first, secrets })
}
const changed = (current: StoredCredential, change: Partial<CredentialChange>) =>
  changeCredential(current, { at: later, secrets, ...change })
const revealed = (record: StoredCredential, keeper = secrets) =>
  Object.fromEntries(
    Object.entries(keeper.open(record).secrets).map(([name, secret]) => [name, secret.reveal()]),
  )

describe('a credential that is made', () => {
  it('keeps its secrets sealed, and of each a fingerprint', () => {
    const record = made()
    expect(record).toMatchObject({
      version: 1,
      name: 'main',
      creds_type: 'AWS',
      provider: null,
      status: 'active',
      settings: { aws_region: 'us-east-1', aws_access_key_id: 'AKID' },
      inline_of: null,
      created_by: 'somebody',
      created_at: first,
      updated_at: first,
      rotated_at: null,
    })
    expect(Object.keys(record.secrets)).toEqual(['aws_secret_access_key', 'aws_session_token'])
    expect(record.secrets['aws_session_token']).toEqual({
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
      updated_at: first,
    })
    expect(JSON.stringify(record)).not.toContain('planted')
    expect(revealed(record)).toEqual({
      aws_secret_access_key: 'planted-secret',
      aws_session_token: 'planted-token',
    })
  })

  it('may have no secret, no name, or secrets with names of their own', () => {
    const declared = inlineCredential(context).parse({
      creds_type: 'CUSTOM',
      secrets: { 'X-Key': 'planted' },
    })
    const custom = newCredential({ declared, inlineOf: 'b', by: 'a', at: first, secrets })
    expect([custom.name, custom.inline_of, revealed(custom)]).toEqual([null, 'b', { 'X-Key': 'planted' }])
    const open = made({ name: 'local', creds_type: 'API_KEY', provider: 'ollama' })
    expect([open.sealed, open.secrets]).toEqual([null, {}])
  })

  it('has the same fingerprint for the same secret, whatever master key seals it', () => {
    const other = keeperOf(createTestVault(encodedKey(8)))
    const fingerprint = secrets.fingerprint(new Secret('planted'))
    expect(other.fingerprint(new Secret('planted'))).toBe(fingerprint)
    expect(secrets.fingerprint(new Secret('planted2'))).not.toBe(fingerprint)
  })

  it('is not good for another id', () => {
    const record = { ...made(), id: 'other' }
    expect(secrets.open(record)).toMatchObject({ secrets: {}, fault: { failure: 'damaged' } })
  })
})

describe('a credential that is changed', () => {
  it('keeps what is absent, and says when what was changed', () => {
    const before = made()
    const fields = {
      aws_region: 'eu-west-1',
      aws_secret_access_key: new Secret('planted-new'),
      aws_session_token: undefined,
    }
    const after = changed(before, { fields, name: 'renamed', status: 'inactive' })
    expect(after).toMatchObject({
      name: 'renamed',
      status: 'inactive',
      settings: { aws_region: 'eu-west-1', aws_access_key_id: 'AKID' },
      created_at: first,
      updated_at: later,
      rotated_at: later,
      secrets: { aws_secret_access_key: { updated_at: later }, aws_session_token: { updated_at: first } },
    })
    expect(revealed(after)).toEqual({
      aws_secret_access_key: 'planted-new',
      aws_session_token: 'planted-token',
    })
    expect(revealed(before)['aws_secret_access_key']).toBe('planted-secret')
  })

  it('is not rotated by anything but a new secret', () => {
    const before = made()
    const same = changed(before, {
      fields: { aws_secret_access_key: new Secret('planted-secret'), aws_region: null },
    })
    expect([same.rotated_at, same.sealed, same.settings]).toEqual([
      null,
      before.sealed,
      { aws_access_key_id: 'AKID' },
    ])
    const less = changed(before, { fields: { aws_session_token: null } })
    expect([less.rotated_at, Object.keys(less.secrets)]).toEqual([null, ['aws_secret_access_key']])
    expect(Object.keys(revealed(less))).toEqual(['aws_secret_access_key'])
    const none = changed(less, { fields: { aws_secret_access_key: null } })
    expect([none.sealed, none.secrets]).toEqual([null, {}])
  })

  it('changes secrets with names of their own one by one, or clears them all', () => {
    const before = made({ name: 'c', creds_type: 'CUSTOM', secrets: { a: '1', b: '2' } })
    const after = changed(before, { fields: { secrets: { a: null, c: new Secret('3'), b: undefined } } })
    expect(revealed(after)).toEqual({ b: '2', c: '3' })
    expect(revealed(changed(after, { fields: { secrets: null } }))).toEqual({})
  })

  it('that cannot be opened takes new secrets only in the place of all', () => {
    const before = made()
    const other = keeperOf(createTestVault(encodedKey(9)))
    expect(changed(before, { secrets: other, name: 'b' }).sealed).toBe(before.sealed)
    const one = { aws_secret_access_key: new Secret('new') }
    expect(() => changed(before, { secrets: other, fields: one })).toThrow('is not the one this was sealed')
    const after = changed(before, { secrets: other, fields: { ...one, aws_session_token: null } })
    expect(revealed(after, other)).toEqual({ aws_secret_access_key: 'new' })
  })
})

describe('a stored credential', () => {
  it('is read by the rules of the file', () => {
    const loose = looseCredential(made({ name: 'k', creds_type: 'API_KEY', api_key: 'planted' }), secrets)
    const choice = {
      connection: { model_name: 'm', provider: 'openai' },
      model: {},
      credential: loose,
      providers,
    }
    expect(keyIdentity(choice)).toContain('planted')
    const custom = looseCredential(made({ name: 'c', creds_type: 'CUSTOM', secrets: { a: '1' } }), secrets)
    expect(custom['secrets']).toEqual({ a: new Secret('1') })
  })

  it('is shown to the audit trail without secrets, sealed or not', () => {
    const record = made()
    const shown = auditable({ kind: 'credential', record })
    expect(shown).toMatchObject({
      name: 'main',
      secrets: {
        aws_session_token: { set: true, fingerprint: record.secrets['aws_session_token']?.fingerprint },
      },
    })
    expect(JSON.stringify(shown)).not.toContain(record.sealed)
  })
})
