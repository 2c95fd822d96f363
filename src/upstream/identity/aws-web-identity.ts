import type { LoadAwsKeys } from '../signers/aws-key-cache.ts'
import { assumeRoleWithWebIdentity, defaultSessionName } from '../signers/sts.ts'
import type { IdentitySourceOptions } from './aws-environment.ts'
import { readTokenFile } from './aws-token-file.ts'

/**
 * Keys for a web identity token (EKS service accounts), exchanged at STS: `AWS_WEB_IDENTITY_TOKEN_FILE`, read anew each
 * time, and `AWS_ROLE_ARN`. null where the environment names neither.
 */
export function createWebIdentityKeys({ environment, fetchText }: IdentitySourceOptions): LoadAwsKeys | null {
  const path = environment['AWS_WEB_IDENTITY_TOKEN_FILE']
  const roleArn = environment['AWS_ROLE_ARN']
  if (!path || !roleArn) return null
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION']
  const target = {
    roleArn,
    sessionName: environment['AWS_ROLE_SESSION_NAME'] || defaultSessionName,
    region: region ?? 'us-east-1',
    // Without a region the global endpoint is all that is known, as for the SDKs.
    endpoint: environment['AWS_ENDPOINT_URL_STS'] || (region ? null : 'https://sts.amazonaws.com'),
    egress: 'operator' as const,
  }
  return async (signal) => {
    const token = await readTokenFile(path, signal)
    return assumeRoleWithWebIdentity({ ...target, token }, { fetchText }, signal)
  }
}
