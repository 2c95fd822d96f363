import type { CredentialField } from '../../core/provider.ts'

function field(
  name: string,
  description: string,
  { secret = false, required = false } = {},
): CredentialField {
  return { name, secret, required, description }
}

/** Of an `AWS` credential (design §5): a region, and keys, a role or a Bedrock API key. */
export const bedrockFields: readonly CredentialField[] = [
  field('aws_region', 'Region of the Bedrock endpoint, as `us-east-1`', { required: true }),
  field('aws_access_key_id', 'Access key id; with a role, it signs AssumeRole'),
  field('aws_secret_access_key', 'Secret access key', { secret: true }),
  field('aws_session_token', 'Session token, where the keys are temporary', { secret: true }),
  field('aws_role_arn', "Role to take on; without keys, as the gateway's own AWS identity"),
  field('aws_role_session_name', 'Name of the role session in AWS logs; `modelgate` if empty'),
  field('aws_external_id', 'External id that the role demands'),
  field('aws_bearer_token', 'Bedrock API key, in place of keys and roles', { secret: true }),
  field('expires_at', 'When temporary keys or the API key end (ISO 8601)'),
  field('base_url', 'Bedrock endpoint in place of the public one: a VPC endpoint or a proxy'),
  field('sts_endpoint', "STS endpoint in place of the region's"),
]
