import { awsHost, isAwsRegion } from '../../core/aws-regions.ts'
import type { Connection, Credential } from '../../core/entities.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import { jsonRequest } from '../shared/json-request.ts'

export interface RuntimeTarget {
  readonly url: string
  /** What the request is signed for. */
  readonly region: string
}

/** What a runtime call does with its model (Bedrock API reference, "Amazon Bedrock Runtime"). */
export type RuntimeAction = 'converse' | 'converse-stream' | 'invoke'

/**
 * Where a call to a connection's model goes. The region is the one inside the model's ARN, which AWS requires, else the
 * connection's, else the credential's; `base_url` (a VPC endpoint, a proxy) takes the place of the region's own host.
 * Model ids and ARNs are one encoded path segment.
 */
export function runtimeTarget(connection: Connection, action: RuntimeAction): RuntimeTarget {
  const { credential, modelName, overrides } = connection
  const region = arnRegion(modelName) ?? connection.region ?? credentialRegion(credential)
  const service = overrides.capabilities?.['fips'] === true ? 'bedrock-runtime-fips' : 'bedrock-runtime'
  const base = namedBase(credential) ?? `https://${awsHost(service, region)}`
  return { url: `${base}/model/${encodeSegment(modelName)}/${action}`, region }
}

/** Where models are listed: the control plane's host beside the runtime's. */
export function controlBase(credential: Credential): string {
  const region = credentialRegion(credential)
  const own = `https://${awsHost('bedrock', region)}`
  const base = namedBase(credential)
  if (base === null) return own
  const url = new URL(base)
  // A VPC endpoint serves one of the two only.
  if (url.hostname.startsWith('vpce-')) return own
  return url.hostname.startsWith('bedrock-runtime') ? base.replace('//bedrock-runtime', '//bedrock') : base
}

/** The runtime's POST of a JSON body, with the connection's overrides laid over it. */
export function runtimeRequest(
  connection: Connection,
  action: RuntimeAction,
  body: Readonly<Record<string, unknown>>,
): UpstreamRequest {
  const { url, region } = runtimeTarget(connection, action)
  const accept = action === 'converse-stream' ? 'application/vnd.amazon.eventstream' : 'application/json'
  return { ...jsonRequest({ url, body, headers: { accept }, connection }), region }
}

export function credentialRegion(credential: Credential): string {
  return credential.settings['aws_region'] ?? 'us-east-1'
}

function namedBase({ settings }: Credential): string | null {
  return settings['base_url'] ? settings['base_url'].replace(/\/+$/, '') : null
}

/** `arn:aws:bedrock:eu-west-1:123456789012:inference-profile/…` → `eu-west-1`. */
function arnRegion(modelName: string): string | null {
  const region = /^arn:[^:]*:bedrock:([^:]*):/.exec(modelName)?.[1] ?? ''
  return isAwsRegion(region) ? region : null
}

/** As AWS's own SDKs encode a label: everything but unreserved characters. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
