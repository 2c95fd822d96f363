import type { UpstreamRequest } from '../../core/provider.ts'
import type { FetchedText } from '../fetch-text.ts'
import type { LoadAwsKeys } from '../signers/aws-key-cache.ts'
import type { AwsEnvironment, IdentitySourceOptions } from './aws-environment.ts'
import { noKeys, refusedKeys } from './aws-failure.ts'
import { readJsonKeys } from './aws-json-keys.ts'

export interface InstanceOptions extends IdentitySourceOptions {
  /** Of each of the three calls: the service is on the machine itself, or not there. */
  readonly timeoutMs?: number
}

const source = 'The instance metadata service'
const tokenSeconds = '300'
const maxBytes = 64 * 1024

/**
 * Keys of the EC2 instance's role, by IMDSv2: a session token, the role's name, its keys. Version 1, which needs no token
 * and so answers to forged requests, only where `AWS_EC2_METADATA_V1_DISABLED` is `false` and version 2 is not there.
 * null where `AWS_EC2_METADATA_DISABLED` is `true`.
 */
export function createInstanceKeys({
  environment,
  fetchText,
  timeoutMs = 1000,
}: InstanceOptions): LoadAwsKeys | null {
  if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return null
  const base = endpointOf(environment)
  const allowsVersion1 = environment['AWS_EC2_METADATA_V1_DISABLED']?.toLowerCase() === 'false'

  function call(
    method: UpstreamRequest['method'],
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<FetchedText> {
    const request = { method, url: `${base}/latest/${path}`, headers, body: null }
    return fetchText(request, { egress: 'metadata', signal, timeoutMs, maxBytes })
  }

  async function tokenHeaders(signal: AbortSignal): Promise<Record<string, string>> {
    const asked = { 'x-aws-ec2-metadata-token-ttl-seconds': tokenSeconds }
    const { status, text } = await call('PUT', 'api/token', asked, signal)
    const token = text.trim()
    if (status === 200 && /^[\x21-\x7e]+$/.test(token)) return { 'x-aws-ec2-metadata-token': token }
    const hasNoVersion2 = status === 403 || status === 404 || status === 405
    if (allowsVersion1 && hasNoVersion2) return {}
    throw refusedKeys(source, status)
  }

  return async (signal) => {
    const headers = await tokenHeaders(signal)
    const roles = await call('GET', 'meta-data/iam/security-credentials/', headers, signal)
    const role = roles.status === 200 ? (roles.text.split('\n')[0] ?? '').trim() : ''
    if (roles.status === 404 || (roles.status === 200 && role === ''))
      throw noKeys('The instance has no role.')
    if (roles.status !== 200) throw refusedKeys(source, roles.status)
    const path = `meta-data/iam/security-credentials/${encodeURIComponent(role)}`
    return readJsonKeys(source, await call('GET', path, headers, signal))
  }
}

function endpointOf(environment: AwsEnvironment): string {
  const named = environment['AWS_EC2_METADATA_SERVICE_ENDPOINT']
  if (named) return named.replace(/\/+$/, '')
  const isVersion6 = environment['AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE']?.toLowerCase() === 'ipv6'
  return isVersion6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254'
}
