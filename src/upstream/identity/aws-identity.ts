import type { Clock } from '../../core/clock.ts'
import { Secret } from '../../core/secret.ts'
import { createAwsKeyCache, type LoadAwsKeys, type OnExchange } from '../signers/aws-key-cache.ts'
import type { AwsIdentity } from '../signers/aws-keys.ts'
import { createContainerKeys } from './aws-container.ts'
import type { AwsEnvironment, IdentitySourceOptions } from './aws-environment.ts'
import { noKeys } from './aws-failure.ts'
import { createInstanceKeys } from './aws-instance.ts'
import { createWebIdentityKeys } from './aws-web-identity.ts'

export interface AwsIdentityOptions extends IdentitySourceOptions {
  readonly clock: Clock
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal
  readonly onExchange?: OnExchange
}

/**
 * The gateway's own AWS identity, from the first source there is, in the order of the AWS SDKs: keys in the environment,
 * a web identity token file, the container's credential endpoint, the instance's metadata service. The environment
 * decides the source; one that fails is not followed by the next. Nothing is asked before the first call.
 */
export function createAwsIdentity({
  environment,
  clock,
  fetchText,
  closing,
  onExchange = () => {},
}: AwsIdentityOptions): AwsIdentity {
  const cache = createAwsKeyCache({ clock, closing, maxEntries: 1, onExchange })
  const load = sourceOf({ environment, fetchText })
  return (signal) => cache.get('self', load, signal)
}

function sourceOf({ environment, fetchText }: IdentitySourceOptions): LoadAwsKeys {
  return (
    environmentKeys(environment) ??
    createWebIdentityKeys({ environment, fetchText }) ??
    createContainerKeys({ environment, fetchText }) ??
    createInstanceKeys({ environment, fetchText }) ??
    (() => Promise.reject(noKeys('The gateway has no AWS identity of its own.')))
  )
}

function environmentKeys(environment: AwsEnvironment): LoadAwsKeys | null {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID']
  const secret = environment['AWS_SECRET_ACCESS_KEY']
  const token = environment['AWS_SESSION_TOKEN']
  if (!accessKeyId || !secret) return null
  const keys = {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    sessionToken: token ? new Secret(token) : null,
    expiresAt: null,
  }
  return () => Promise.resolve(keys)
}
