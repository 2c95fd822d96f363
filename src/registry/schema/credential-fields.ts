import { z } from 'zod'
import type { CredentialType } from '../../core/entities.ts'
import type { Provider } from '../../core/provider.ts'
import { optionalText, secretText, timestamp, webAddress, webUrl } from './fields.ts'
import { serviceAccount } from './service-account.ts'

const secretMap = z
  .record(z.string().regex(/^[\w-]{1,64}$/, { error: 'is no name for a secret' }), secretText)
  .optional()

/** By kind; `secret`, `secrets` and `service_account` never leave the gateway. */
const kinds = {
  secret: secretText,
  secrets: secretMap,
  service_account: serviceAccount,
  text: optionalText,
  address: webAddress,
  url: webUrl,
  time: timestamp,
} as const

type Kind = keyof typeof kinds
type Field = readonly [kind: Kind, about: string]

/** The one table of credential fields (design §5): which there are, and which of them are secret. */
export const credentialFields = {
  API_KEY: {
    api_key: ['secret', 'The key. Not needed by providers that take none'],
    base_url: ['address', "The provider's API at another address: a proxy, a private endpoint, another host"],
  },
  AWS: {
    aws_region: ['text', 'Region of the endpoint, as us-east-1'],
    aws_access_key_id: ['text', 'Access key id; with a role, it signs AssumeRole'],
    aws_secret_access_key: ['secret', 'Secret access key'],
    aws_session_token: ['secret', 'Session token, where the keys are temporary'],
    aws_role_arn: ['text', "Role to take on; without keys, as the gateway's own AWS identity"],
    aws_role_session_name: ['text', 'Name of the role session in AWS logs'],
    aws_external_id: ['text', 'External id that the role demands'],
    aws_bearer_token: ['secret', 'Bedrock API key, in place of keys and roles'],
    expires_at: ['time', 'When temporary keys or the API key end'],
    base_url: ['address', 'The Bedrock endpoint at another address'],
    sts_endpoint: ['url', "STS endpoint in place of the region's"],
  },
  AZURE: {
    azure_endpoint: ['address', 'Address of the resource'],
    api_version: ['text', 'A date, as 2024-10-21, or v1 for the version-less paths'],
    api_key: ['secret', 'Key of the resource'],
    azure_client_id: ['text', 'Application (client) id'],
    azure_client_secret: ['secret', 'Client secret'],
    azure_token_url: ['url', 'Where the client secret is exchanged for a token'],
    azure_scope: ['text', 'Scope to ask for; the default depends on the host'],
    base_url: ['address', 'The resource at another address'],
  },
  GCP: {
    api_key: ['secret', 'Key of the Gemini API'],
    gcp_project: ['text', 'Project id (Vertex AI)'],
    gcp_location: ['text', 'Location, as us-central1 or global (Vertex AI)'],
    gcp_service_account: ['service_account', 'Service account key, an object or its JSON (Vertex AI)'],
    base_url: ['address', 'The API at another address'],
    token_url: ['url', "Token endpoint in place of the service account's own"],
  },
  CUSTOM: {
    secrets: ['secrets', "Values that the template's headers name"],
    base_url: ['address', 'Address in place of the host that the template names'],
  },
} as const satisfies Record<CredentialType, Record<string, Field>>

type Fields = typeof credentialFields
type Shape<Type extends CredentialType> = {
  [Name in keyof Fields[Type]]: Fields[Type][Name] extends readonly [infer Named extends Kind, string]
    ? (typeof kinds)[Named]
    : never
}

/** The zod shape of one type's own fields. */
export function credentialShape<Type extends CredentialType>(type: Type): Shape<Type> {
  const fields: [string, Field][] = Object.entries(credentialFields[type])
  return Object.fromEntries(
    fields.map(([name, [kind, about]]) => [name, kinds[kind].describe(about)]),
  ) as Shape<Type>
}

export function isCredentialType(type: unknown): type is CredentialType {
  return typeof type === 'string' && Object.hasOwn(credentialFields, type)
}

/** Fields of a kind, by type of credential. */
export function fieldsOfKind(type: CredentialType, kind: Kind): string[] {
  const fields: [string, Field][] = Object.entries(credentialFields[type])
  return fields.flatMap(([name, [named]]) => (named === kind ? [name] : []))
}

const secretKinds: readonly Kind[] = ['secret', 'secrets', 'service_account']

/** The names of every field that is secret, of whatever type. */
export const secretFieldNames: ReadonlySet<string> = new Set(
  (Object.keys(credentialFields) as CredentialType[]).flatMap((type) =>
    secretKinds.flatMap((kind) => fieldsOfKind(type, kind)),
  ),
)

/** The field by which a provider shows that it takes the type. Those that ask for none of these take `API_KEY`. */
const marks: Partial<Record<CredentialType, string>> = {
  AWS: 'aws_region',
  AZURE: 'azure_endpoint',
  GCP: 'gcp_project',
  CUSTOM: 'secrets',
}

/** The type of credential that a provider takes, told by the fields it asks for. */
export function credentialTypeOf({ fields }: Provider): CredentialType {
  const asked = new Set(fields.map(({ name }) => name))
  const types = Object.entries(marks) as [CredentialType, string][]
  return types.find(([, mark]) => asked.has(mark))?.[0] ?? 'API_KEY'
}

/** The provider that a type implies (design §5), or null: `API_KEY` implies none. */
export function impliedProvider(type: string, providers: ReadonlyMap<string, Provider>): Provider | null {
  if (type === 'API_KEY') return null
  for (const provider of providers.values()) {
    if (provider.presetOf === undefined && credentialTypeOf(provider) === type) return provider
  }
  return null
}
