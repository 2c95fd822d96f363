import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BedrockRuntimeClient, ConverseCommand, InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime'
import { HttpResponse, type HttpRequest } from '@smithy/protocol-http'
import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import type { AwsKeys } from './aws-keys.ts'
import { signSigV4 } from './aws-sigv4.ts'

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const keys: AwsKeys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Secret(secretAccessKey),
  sessionToken: null,
  expiresAt: null,
}
const withToken: AwsKeys = { ...keys, sessionToken: new Secret('SESSIONTOKENEXAMPLE') }
const now = Date.parse('2025-01-02T03:04:05Z')
const runtime = 'https://bedrock-runtime.us-east-1.amazonaws.com'
const haiku = 'anthropic.claude-3-haiku-20240307-v1%3A0'
const converse: UpstreamRequest = {
  method: 'POST',
  url: `${runtime}/model/${haiku}/converse`,
  headers: { 'content-type': 'application/json' },
  body: '{"messages":[{"role":"user","content":[{"text":"hi"}]}]}',
}
const profile = 'arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.'
const assumeRole =
  'Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo' +
  '&RoleSessionName=gw%20session&DurationSeconds=3600&ExternalId=ext%2F1'

describe('signSigV4', () => {
  it.each([
    {
      name: 'a model id with a colon',
      request: converse,
      keys,
      service: 'bedrock' as const,
      signed: 'content-type;host;x-amz-content-sha256;x-amz-date',
      signature: 'f467416797b09e026ad153b9a9fbacef070b2f1d884ed4384983920b2d509e46',
    },
    {
      name: 'an ARN as one segment, and a session token',
      request: { ...converse, url: `${runtime}/model/${profile}${haiku}/converse` },
      keys: withToken,
      service: 'bedrock' as const,
      signed: 'content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token',
      signature: '61eefe4fc06d1be72c5d97fb10c595caa34e1cf91566a294d26325ef784dd3cf',
    },
    {
      name: 'a query, and no body',
      request: {
        method: 'GET' as const,
        url: 'https://bedrock.us-east-1.amazonaws.com/foundation-models?byOutputModality=TEXT&byInferenceType=ON_DEMAND',
        headers: {},
        body: null,
      },
      keys,
      service: 'bedrock' as const,
      signed: 'host;x-amz-content-sha256;x-amz-date',
      signature: 'f779f3fe5a7b48838cc313ed97d454841dab855df3aee0441f1504a017e3343d',
    },
    {
      name: 'a form for the token service',
      request: {
        method: 'POST' as const,
        url: 'https://sts.us-east-1.amazonaws.com/',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: assumeRole,
      },
      keys,
      service: 'sts' as const,
      signed: 'content-type;host;x-amz-content-sha256;x-amz-date',
      signature: '667b51f8e11393d52170f5cc56e44d20d1b19f49e7e345dde385062da5f7627b',
    },
  ])('signs $name', async (vector) => {
    const { keys: signing, service } = vector
    const { headers } = await signSigV4(vector.request, { keys: signing, region: 'us-east-1', service, now })
    expect(headers['authorization']).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250102/us-east-1/${service}/aws4_request, ` +
        `SignedHeaders=${vector.signed}, Signature=${vector.signature}`,
    )
    expect(headers).toMatchObject({ ...vector.request.headers, 'x-amz-date': '20250102T030405Z' })
    expect(headers['host']).toBeUndefined()
    expect(headers['x-amz-security-token']).toBe(signing.sessionToken?.reveal())
  })

  it('signs the same whether the body is text or bytes, and leaves the request as it was', async () => {
    const options = { keys, region: 'us-east-1', service: 'bedrock' as const, now }
    const body = Buffer.from(converse.body as string)
    const asBytes = await signSigV4({ ...converse, body }, options)
    const asText = await signSigV4(converse, options)
    expect(asBytes.headers).toEqual(asText.headers)
    expect(asBytes.body).toBe(body)
    expect(converse.headers).toEqual({ 'content-type': 'application/json' })
  })

  it('signs the port of a host that has one', async () => {
    const options = { keys, region: 'us-east-1', service: 'bedrock' as const, now }
    const plain = await signSigV4({ ...converse, url: 'http://127.0.0.1/model/a/converse' }, options)
    const ported = await signSigV4({ ...converse, url: 'http://127.0.0.1:8080/model/a/converse' }, options)
    expect(ported.headers['authorization']).not.toBe(plain.headers['authorization'])
  })

  it.each([
    ['a base id', 'anthropic.claude-3-haiku-20240307-v1:0'],
    ['an ARN', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc.def_1'],
  ])('agrees with the official SDK on %s', async (_name, modelId) => {
    const seen = await captureSdk(async (client) => {
      await client.send(
        new ConverseCommand({ modelId, messages: [{ role: 'user', content: [{ text: 'hé' }] }] }),
      )
      await client.send(
        new InvokeModelCommand({ modelId, body: '{"inputText":"hé"}', contentType: 'application/json' }),
      )
    })
    expect(seen).toHaveLength(2)
    for (const { request, headers } of seen) {
      const signed = await signSigV4(request, {
        keys: withToken,
        region: 'us-east-1',
        service: 'bedrock',
        now: amzDate(headers['x-amz-date']),
      })
      expect(signed.headers['authorization']).toBe(headers['authorization'])
      expect(signed.headers['x-amz-content-sha256']).toBe(headers['x-amz-content-sha256'])
      expect(signed.headers['x-amz-date']).toBe(headers['x-amz-date'])
    }
  })
})

/** Runs the SDK against a loopback server; answers what it sent, without what signing added. */
async function captureSdk(run: (client: BedrockRuntimeClient) => Promise<void>) {
  const seen: { request: UpstreamRequest; headers: IncomingHttpHeaders }[] = []
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { headers } = incoming
      const signed = /SignedHeaders=([^,]+)/.exec(headers['authorization'] ?? '')?.[1]?.split(';') ?? []
      const given = signed.filter((name) => name !== 'host' && !addedBySigning.has(name))
      seen.push({
        request: {
          method: 'POST',
          url: `http://${headers.host}${incoming.url}`,
          headers: Object.fromEntries(given.map((name) => [name, String(headers[name])])),
          body: Buffer.concat(chunks),
        },
        headers,
      })
      answer.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, sessionToken: 'SESSIONTOKENEXAMPLE' },
    requestHandler: { metadata: { handlerProtocol: 'http/1.1' }, handle: sendHttp1 },
    maxAttempts: 1,
  })
  try {
    await run(client)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return seen
}

/** The SDK's own default speaks HTTP/2, which signs `:authority` in place of `host`; the gateway speaks HTTP/1.1. */
function sendHttp1(request: HttpRequest): Promise<{ response: HttpResponse }> {
  return new Promise((resolve, reject) => {
    const { method, hostname: host, port, path, headers } = request
    const answered = (body: IncomingMessage) => {
      const { statusCode = 0 } = body
      resolve({
        response: new HttpResponse({ statusCode, headers: { 'content-type': 'application/json' }, body }),
      })
    }
    send({ method, host, port, path, headers }, answered).on('error', reject).end(request.body)
  })
}

const addedBySigning = new Set(['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'])

/** `20250102T030405Z` → ms. */
function amzDate(value: unknown): number {
  return Date.parse(String(value).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
