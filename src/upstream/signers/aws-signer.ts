import type { Signal } from '../../core/cancellation.ts'
import type { Clock } from '../../core/clock.ts'
import type { Credential } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import type { FetchText } from '../fetch-text.ts'
import { createAwsKeyCache, type OnExchange } from './aws-key-cache.ts'
import type { AwsIdentity, AwsKeys } from './aws-keys.ts'
import { signSigV4 } from './aws-sigv4.ts'
import { headerSecret } from './header-signers.ts'
import type { Signer } from './signer.ts'
import { assumeRole, defaultSessionName } from './sts.ts'

export interface AwsSignerOptions {
  readonly clock: Clock
  readonly fetchText: FetchText
  /** Signs AssumeRole where the credential has a role and no keys. */
  readonly identity: AwsIdentity
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal
  readonly onExchange?: OnExchange
}

/**
 * The signer `sigv4` for Bedrock: with the credential's keys, or with those of its role (taken on by its keys, else by
 * the gateway's own identity). Throws GatewayError (`costly: false`) where there are none to be had.
 */
export function createAwsSigner({
  clock,
  fetchText,
  identity,
  closing,
  onExchange = () => {},
}: AwsSignerOptions): (...call: Parameters<Signer>) => Promise<UpstreamRequest> {
  const cache = createAwsKeyCache({ clock, closing, onExchange })

  function keysOf(credential: Credential, region: string, signal: Signal): Promise<AwsKeys> | AwsKeys {
    const { settings } = credential
    const given = givenKeys(credential)
    const roleArn = settings['aws_role_arn']
    if (!roleArn) return given ?? refuse('The credential has neither AWS keys nor a role.')
    const role = {
      roleArn,
      sessionName: settings['aws_role_session_name'] || defaultSessionName,
      externalId: settings['aws_external_id'] || null,
      region,
      endpoint: settings['sts_endpoint'] || null,
    }
    const egress = credential.managedBy === 'file' ? 'operator' : 'guarded'
    // The version changes with every secret: what an old one brought is never served for the new.
    const id = JSON.stringify([credential.id, credential.version, role, given?.accessKeyId ?? null])
    const load = async (bound: AbortSignal) => {
      const keys = given ?? (await identity(bound))
      return assumeRole({ ...role, egress, keys }, { clock, fetchText }, bound)
    }
    return cache.get(id, load, signal)
  }

  return async (request, credential, signal) => {
    const own = credential.settings['aws_region'] || refuse('The credential has no `aws_region`.')
    const keys = await keysOf(credential, own, signal)
    return signSigV4(request, { keys, region: request.region ?? own, service: 'bedrock', now: clock.now() })
  }
}

function givenKeys(credential: Credential): AwsKeys | null {
  const { settings, secrets } = credential
  const accessKeyId = settings['aws_access_key_id']
  const secretAccessKey = secrets['aws_secret_access_key']
  if (!accessKeyId || secretAccessKey === undefined) return null
  if (!/^\w{1,128}$/.test(accessKeyId)) refuse("The credential's `aws_access_key_id` is none.")
  // It travels in a header as it is.
  const token = secrets['aws_session_token'] && headerSecret(credential, 'aws_session_token')
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: token === undefined ? null : new Secret(token),
    expiresAt: null,
  }
}

function refuse(message: string): never {
  throw new GatewayError('upstream_auth_failed', message, { reason: 'authentication', costly: false })
}
