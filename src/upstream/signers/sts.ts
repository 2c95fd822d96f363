import { awsHost } from '../../core/aws-regions.ts'
import type { Clock } from '../../core/clock.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { Egress } from '../../core/transport.ts'
import type { FetchText } from '../fetch-text.ts'
import type { AwsKeys } from './aws-keys.ts'
import { signSigV4 } from './aws-sigv4.ts'
import { readStsAnswer, type StsAction } from './sts-answer.ts'

/** Where STS is called, and on whose word. */
export interface StsTarget {
  readonly region: string
  /** In place of the region's own endpoint. */
  readonly endpoint: string | null
  readonly egress: Egress
}

export interface AssumeRoleInput extends StsTarget {
  readonly roleArn: string
  readonly sessionName: string
  readonly externalId: string | null
  /** What signs the call. */
  readonly keys: AwsKeys
}

export interface WebIdentityInput extends StsTarget {
  readonly roleArn: string
  readonly sessionName: string
  readonly token: string
}

export interface StsOptions {
  readonly clock: Clock
  readonly fetchText: FetchText
}

/** Recorded by AWS beside every call made with the keys; used where the credential names none. */
export const defaultSessionName = 'modelgate'
/** The longest that a role taken on by another role may last, and every role's default. */
const durationSeconds = '3600'
const maxBytes = 64 * 1024

/** Takes on a role for an hour (STS `AssumeRole`). Throws GatewayError as `readStsAnswer` classifies it. */
export async function assumeRole(
  input: AssumeRoleInput,
  { clock, fetchText }: StsOptions,
  signal: AbortSignal,
) {
  const { roleArn, sessionName, externalId, keys } = input
  const request = stsRequest(input, 'AssumeRole', {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    DurationSeconds: durationSeconds,
    ...(externalId === null ? {} : { ExternalId: externalId }),
  })
  const region = signingRegion(request.url, input.region)
  const signed = await signSigV4(request, { keys, region, service: 'sts', now: clock.now() })
  return readStsAnswer('AssumeRole', await fetchText(signed, { egress: input.egress, signal, maxBytes }))
}

/** Takes on a role by a token of the cluster or platform (STS `AssumeRoleWithWebIdentity`); the token is all that signs it. */
export async function assumeRoleWithWebIdentity(
  input: WebIdentityInput,
  { fetchText }: Pick<StsOptions, 'fetchText'>,
  signal: AbortSignal,
): Promise<AwsKeys> {
  const request = stsRequest(input, 'AssumeRoleWithWebIdentity', {
    RoleArn: input.roleArn,
    RoleSessionName: input.sessionName,
    DurationSeconds: durationSeconds,
    WebIdentityToken: input.token,
  })
  const answer = await fetchText(request, { egress: input.egress, signal, maxBytes })
  return readStsAnswer('AssumeRoleWithWebIdentity', answer)
}

function stsRequest(
  { endpoint, region }: StsTarget,
  action: StsAction,
  parameters: Readonly<Record<string, string>>,
): UpstreamRequest {
  const form = { Action: action, Version: '2011-06-15', ...parameters }
  return {
    method: 'POST',
    url: `${(endpoint ?? `https://${awsHost('sts', region)}`).replace(/\/+$/, '')}/`,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Object.entries(form)
      .map(([name, value]) => `${name}=${encodeStrictly(value)}`)
      .join('&'),
  }
}

/** RFC 3986: only unreserved characters stay. */
function encodeStrictly(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** AWS checks the region of the signature against the endpoint's; the old global endpoint stands in us-east-1. */
function signingRegion(url: string, region: string): string {
  const { hostname } = new URL(url)
  if (hostname === 'sts.amazonaws.com') return 'us-east-1'
  return /(?:^|\.)sts(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d+)\./.exec(hostname)?.[1] ?? region
}
