import { GatewayError, type GatewayErrorOptions } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import type { AwsKeys } from './aws-keys.ts'
import { readXmlTexts } from './sts-xml.ts'

/** Of AWS's own words no more is kept. */
const maxMessage = 1000

export type StsAction = 'AssumeRole' | 'AssumeRoleWithWebIdentity'

/** What an STS error code says of the credential (STS API reference, "Errors" of each action, and "Common errors"). */
const reasons: Readonly<Record<string, FailureReason>> = {
  AccessDenied: 'permission',
  AccessDeniedException: 'permission',
  OptInRequired: 'permission',
  RegionDisabledException: 'region',
  RegionDisabled: 'region',
  Throttling: 'rate_limit',
  ThrottlingException: 'rate_limit',
  RequestLimitExceeded: 'rate_limit',
  IDPCommunicationError: 'provider_down',
  InternalFailure: 'provider_down',
  InternalError: 'provider_down',
  ServiceUnavailable: 'provider_down',
}

/**
 * The temporary keys in an answer of STS. Throws GatewayError: what AWS refused as reason permission, region or
 * authentication (every other refusal: expired and unknown keys, bad signatures, roles that are none), what it could
 * not do as rate_limit or provider_down. None of them can have cost the model's provider anything.
 */
export function readStsAnswer(
  action: StsAction,
  { status, text }: { status: number; text: string },
): AwsKeys {
  const texts = readXmlTexts(text)
  if (status < 200 || status > 299) throw refusal(action, status, texts)
  const credentials = `${action}Response/${action}Result/Credentials`
  const member = (name: string) => texts?.get(`${credentials}/${name}`)
  const accessKeyId = member('AccessKeyId')
  const secretAccessKey = member('SecretAccessKey')
  const sessionToken = member('SessionToken')
  const expiresAt = Date.parse(member('Expiration') ?? '')
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt)) {
    throw new GatewayError('upstream_error', `AWS STS answered ${action} without credentials.`, {
      reason: 'provider_down',
      costly: false,
    })
  }
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: new Secret(sessionToken),
    expiresAt,
  }
}

function refusal(action: StsAction, status: number, texts: ReadonlyMap<string, string> | null): GatewayError {
  const code = texts?.get('ErrorResponse/Error/Code') ?? null
  const words = texts?.get('ErrorResponse/Error/Message') ?? 'no message'
  const reason = reasons[code ?? ''] ?? reasonOfStatus(status)
  const options: GatewayErrorOptions = {
    reason,
    costly: false,
    upstream: { status, message: `STS ${action}: ${code ?? 'no code'}: ${words}`.slice(0, maxMessage) },
  }
  switch (reason) {
    case 'rate_limit':
      return new GatewayError(
        'rate_limit_exceeded',
        'AWS limits how often credentials are given out.',
        options,
      )
    case 'provider_down':
      return new GatewayError('upstream_error', 'AWS could not give out credentials.', options)
    default:
      return new GatewayError('upstream_auth_failed', "AWS refused the gateway's credential.", options)
  }
}

function reasonOfStatus(status: number): FailureReason {
  if (status === 429) return 'rate_limit'
  return status >= 400 && status < 500 ? 'authentication' : 'provider_down'
}
