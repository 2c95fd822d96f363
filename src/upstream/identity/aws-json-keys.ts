import { GatewayError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import type { AwsKeys } from '../signers/aws-keys.ts'
import { refusedKeys } from './aws-failure.ts'

/**
 * The answer of the container and instance endpoints: `{AccessKeyId, SecretAccessKey, Token, Expiration}`. Throws
 * GatewayError for any other answer; an instance says so in `Code`, with status 200.
 */
export function readJsonKeys(source: string, { status, text }: { status: number; text: string }): AwsKeys {
  if (status !== 200) throw refusedKeys(source, status)
  const answer = parse(text)
  const { AccessKeyId: accessKeyId, SecretAccessKey: secret, Token: token, Expiration: expiration } = answer
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  if (!isText(accessKeyId) || !isText(secret) || !isText(token) || Number.isNaN(expiresAt)) {
    const code = isText(answer['Code']) ? ` (${answer['Code'].slice(0, 100)})` : ''
    throw new GatewayError('upstream_error', `${source} answered without credentials${code}.`, {
      reason: 'provider_down',
      costly: false,
    })
  }
  return { accessKeyId, secretAccessKey: new Secret(secret), sessionToken: new Secret(token), expiresAt }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
