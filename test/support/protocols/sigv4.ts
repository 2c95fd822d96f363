import { createHash, createHmac } from 'node:crypto'
import type { SeenRequest } from '../upstream.ts'

export interface SigV4Options {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly service: string
}

/**
 * Verifies a request's AWS Signature Version 4 as AWS does (IAM user guide, "Create a signed AWS API request"), from
 * what came over the wire. Throws where it is another.
 */
export function verifySigV4(request: SeenRequest, options: SigV4Options): void {
  const { accessKeyId, secretAccessKey, region, service } = options
  const header = request.headers.authorization ?? ''
  const [, credential, signedHeaders = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})$/.exec(header) ?? []
  const time = String(request.headers['x-amz-date'])
  const date = time.slice(0, 8)
  const scope = `${date}/${region}/${service}/aws4_request`
  if (credential !== `${accessKeyId}/${scope}`) throw new Error(`signed for another scope: ${header}`)
  const names = signedHeaders.split(';')
  for (const name of ['host', 'x-amz-date', ...Object.keys(request.headers).filter(isAmazons)]) {
    if (!names.includes(name)) throw new Error(`${name} is not signed`)
  }
  if (Math.abs(Date.now() - timeOf(time)) > 300_000) throw new Error(`signed at another time: ${time}`)
  const [path = '', query = ''] = request.path.split('?')
  const canonical = [
    request.method,
    path.split('/').map(encode).join('/'),
    query.split('&').toSorted().join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders,
    sha256(request.body),
  ].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  )
  const expected = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex')
  if (signature !== expected) throw new Error(`the signature is not that of:\n${canonical}`)
}

function isAmazons(name: string): boolean {
  return name.startsWith('x-amz-')
}

/** `20250102T030405Z` in ms since 1970. */
function timeOf(time: string): number {
  return Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
}

/** Once more than on the wire, as every service but S3 does. */
function encode(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
