import { Secret } from '../../core/secret.ts'
import type { StoredEntity } from '../../store/contract.ts'
import type { CredentialSecrets } from '../credential-secrets.ts'
import { encodeRecord } from '../stored/codec.ts'
import type { KindedRecord } from '../stored/records.ts'

export const testTime = '2026-01-01T00:00:00.000Z'
const made = { created_by: 'somebody', created_at: testTime, updated_at: testTime }
const added = { added_by: 'somebody', added_on: testTime, updated_on: testTime }

export interface LargeRegistryOptions {
  readonly models: number
  readonly connectionsPerModel: number
  readonly credentials: number
  readonly secrets: CredentialSecrets
}

/** A registry of this size, as a store keeps it; each model's first connection has a credential of its own. */
export function largeRegistry({
  models,
  connectionsPerModel,
  credentials,
  secrets,
}: LargeRegistryOptions): StoredEntity[] {
  const entities: StoredEntity[] = []
  const put = (record: KindedRecord) => entities.push(encodeRecord(record))
  for (let index = 0; index < credentials; index += 1) {
    put({ kind: 'credential', record: testCredential(testId('c', index), `credential ${index}`, secrets) })
  }
  for (let index = 0; index < models; index += 1) {
    const modelId = testId('a', index)
    put({ kind: 'model', record: testModel(modelId, `vendor/model-${index}`) })
    for (let place = 0; place < connectionsPerModel; place += 1) {
      const id = testId('b', index * connectionsPerModel + place)
      const inlineId = testId('d', index)
      if (place === 0) {
        const own = testCredential(inlineId, null, secrets)
        put({ kind: 'credential', record: { ...own, inline_of: id } })
      }
      const credentialId = place === 0 ? inlineId : testId('c', (index + place) % credentials)
      put({ kind: 'connection', record: testConnection(id, modelId, credentialId, `connection-${place}`) })
    }
  }
  return entities
}

/** 24 hexadecimal digits. */
export function testId(kind: 'a' | 'b' | 'c' | 'd', index: number): string {
  return `${kind}${index.toString(16).padStart(23, '0')}`
}

export function testCredential(
  id: string,
  name: string | null,
  keeper: CredentialSecrets,
  key = `sk-planted-${id}`,
) {
  return {
    id,
    version: 1,
    name,
    creds_type: 'API_KEY' as const,
    provider: 'openai',
    status: 'active' as const,
    settings: { base_url: 'https://api.openai.test/v1' },
    sealed: keeper.seal(id, { api_key: new Secret(key) }),
    secrets: { api_key: { fingerprint: '0123abcd', updated_at: testTime } },
    inline_of: null,
    ...made,
    rotated_at: null,
  }
}

export function testModel(id: string, name: string) {
  return {
    id,
    version: 1,
    name,
    is_embedding: false,
    supported_stages: ['planning', 'tool_call', 'summarization', 'guardrail'] as (
      | 'planning'
      | 'tool_call'
      | 'summarization'
      | 'guardrail'
    )[],
    team_access: 'all' as 'all' | string[],
    policy: 'weighted' as const,
    integration: 'easy' as const,
    ...added,
  }
}

export function testConnection(id: string, modelId: string, credentialId: string, name: string) {
  return {
    id,
    version: 1,
    model_id: modelId,
    name,
    credential_id: credentialId,
    model_name: `upstream-${name}`,
    weight: 1,
    priority: 0,
    enabled: true,
    probe: true,
    overrides: {},
    ...added,
  }
}
