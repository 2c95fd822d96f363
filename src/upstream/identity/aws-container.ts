import type { Egress } from '../../core/transport.ts'
import type { LoadAwsKeys } from '../signers/aws-key-cache.ts'
import type { IdentitySourceOptions } from './aws-environment.ts'
import { noKeys } from './aws-failure.ts'
import { readJsonKeys } from './aws-json-keys.ts'
import { readTokenFile } from './aws-token-file.ts'

export interface ContainerOptions extends IdentitySourceOptions {
  /** Where a relative address points (ECS). */
  readonly host?: string
}

const timeoutMs = 5_000
const maxBytes = 64 * 1024
const source = "The container's credential endpoint"
/** ECS, and EKS Pod Identity in its two forms: besides loopback all that may be asked over plain HTTP (AWS SDKs' rule). */
const metadataHosts = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'])

/**
 * Keys of an ECS task or an EKS pod identity: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, else `…_FULL_URI`, with the token
 * of `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` (read anew each time) or `…_TOKEN`. null where neither address is named.
 */
export function createContainerKeys({
  environment,
  fetchText,
  host = 'http://169.254.170.2',
}: ContainerOptions): LoadAwsKeys | null {
  const relative = environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const full = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (!relative && !full) return null
  const tokenFile = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  return async (signal) => {
    const { url, egress } = checkUrl(relative ? `${host}${relative}` : String(full))
    const token = tokenFile
      ? await readTokenFile(tokenFile, signal)
      : environment['AWS_CONTAINER_AUTHORIZATION_TOKEN']
    if (token !== undefined && /[^\x20-\x7e]/.test(token))
      throw noKeys(`${source}: its token fits no header.`)
    const headers = { accept: 'application/json', ...(token ? { authorization: token } : {}) }
    const answer = await fetchText(
      { method: 'GET', url, headers, body: null },
      { egress, signal, timeoutMs, maxBytes },
    )
    return readJsonKeys(source, answer)
  }
}

function checkUrl(text: string): { url: string; egress: Egress } {
  const url = URL.parse(text)
  if (url === null) throw noKeys(`${source}: its address is no URL.`)
  const isMetadata = metadataHosts.has(url.hostname)
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (isMetadata || isLoopback))) {
    throw noKeys(`${source}: plain HTTP goes only to loopback and to ${[...metadataHosts].join(', ')}.`)
  }
  // On the machine itself: never by way of a proxy.
  return { url: url.href, egress: isMetadata || isLoopback ? 'metadata' : 'operator' }
}
