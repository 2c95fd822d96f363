import { createHash, createHmac, hash, type Hash, type Hmac } from 'node:crypto'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { wholeBody } from '../../core/body.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { AwsKeys } from './aws-keys.ts'

export interface SigV4Options {
  readonly keys: AwsKeys
  readonly region: string
  readonly service: 'bedrock' | 'sts'
  /** Ms since 1970; AWS takes about five minutes of difference. */
  readonly now: number
}

/**
 * Signs a request over its final bytes and its path as it goes over the wire (AWS Signature Version 4). Every header
 * there is becomes part of the signature, so nothing may change one afterwards. Answers the request with
 * `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` and `authorization` added.
 */
export async function signSigV4(
  request: UpstreamRequest,
  { keys, region, service, now }: SigV4Options,
): Promise<UpstreamRequest> {
  const url = new URL(request.url)
  const signer = new SignatureV4({ service, region, credentials: revealed(keys), sha256: Sha256 })
  const unsigned = new HttpRequest({
    method: request.method,
    hostname: url.hostname,
    // Encoded already; the signer encodes it once more, as AWS does for every service but S3.
    path: url.pathname,
    query: queryOf(url),
    headers: {
      ...request.headers,
      host: url.host,
      // Hashed here, once: given a string the library would copy the whole body first.
      'x-amz-content-sha256': hash('sha256', wholeBody(request.body), 'hex'),
    },
    body: request.body,
  })
  const { headers } = await signer.sign(unsigned, { signingDate: new Date(now) })
  // The transport writes `host` from the URL, which is what was signed.
  const { host: _, ...signed } = headers
  return { ...request, headers: signed }
}

function revealed({ accessKeyId, secretAccessKey, sessionToken }: AwsKeys) {
  const pair = { accessKeyId, secretAccessKey: secretAccessKey.reveal() }
  return sessionToken === null ? pair : { ...pair, sessionToken: sessionToken.reveal() }
}

function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const name of url.searchParams.keys()) query[name] = url.searchParams.getAll(name)
  return query
}

/** The library's hash, and keyed hash, on node:crypto. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key))
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof ArrayBuffer) return Buffer.from(data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
