import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Credential } from '../../core/entities.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import type { AwsKeys } from './aws-keys.ts'
import { type Answer, type Asked, type Loopback, startLoopback } from './aws-loopback.suite.ts'
import { createAwsSigner } from './aws-signer.ts'
import { signSigV4 } from './aws-sigv4.ts'

const never = new AbortController().signal
const request: UpstreamRequest = {
  method: 'POST',
  url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse',
  headers: { 'content-type': 'application/json' },
  body: '{}',
}
const time = { now: 0 }
const clock = { now: () => time.now, monotonic: () => time.now }
const ownKeys: AwsKeys = {
  accessKeyId: 'AKIAOWN',
  secretAccessKey: new Secret('own-secret'),
  sessionToken: new Secret('own-token'),
  expiresAt: null,
}

let sts: Loopback
let answer: (asked: Asked) => Answer | null

beforeEach(async () => {
  time.now = Date.parse('2026-01-02T03:04:05Z')
  answer = () => ({ text: granted(sts.asked.length) })
  sts = await startLoopback((asked) => answer(asked))
})
afterEach(() => sts.stop())

function granted(number: number): string {
  const expiration = new Date(time.now + 3_600_000).toISOString()
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey>
    <SessionToken>token-${number}</SessionToken><Expiration>${expiration}</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>`
}

interface Given {
  readonly settings?: Record<string, string>
  readonly secrets?: Record<string, string>
  readonly version?: string
  readonly managedBy?: Credential['managedBy']
}

function credential({
  settings = {},
  secrets = {},
  version = '1',
  managedBy = 'file',
}: Given = {}): Credential {
  return {
    id: 'cred-1',
    name: 'aws',
    type: 'AWS',
    provider: 'bedrock',
    status: 'active',
    settings: { aws_region: 'us-east-1', ...settings },
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])),
    version,
    managedBy,
  }
}

const arn = 'arn:aws:iam::123456789012:role/demo'
const keys = { settings: { aws_access_key_id: 'AKIAGIVEN' }, secrets: { aws_secret_access_key: 'given' } }
const role = (settings: Record<string, string> = {}) => ({
  aws_role_arn: arn,
  sts_endpoint: sts.url,
  ...settings,
})

function signer(identity = () => Promise.resolve(ownKeys)) {
  return createAwsSigner({ clock, fetchText: sts.fetchText, identity, closing: never })
}

function accessKeyIn(signed: UpstreamRequest): string | undefined {
  return /Credential=(\w+)\//.exec(signed.headers['authorization'] ?? '')?.[1]
}

describe('createAwsSigner', () => {
  it('signs with the keys of the credential, for its region or the one of the request', async () => {
    const sign = signer()
    const given = credential({ ...keys, secrets: { ...keys.secrets, aws_session_token: 'token' } })
    const signed = await sign(request, given, never)
    expect(signed.headers['authorization']).toContain('Credential=AKIAGIVEN/20260102/us-east-1/bedrock/')
    expect(signed.headers['x-amz-security-token']).toBe('token')
    const elsewhere = await sign({ ...request, region: 'eu-west-1' }, given, never)
    expect(elsewhere.headers['authorization']).toContain('/20260102/eu-west-1/bedrock/')
    expect(sts.asked).toEqual([])
  })

  it('takes on a role by the keys beside it', async () => {
    const settings = role({ ...keys.settings, aws_external_id: 'ext/1 (a)', aws_role_session_name: 'gw@1' })
    const signed = await signer()(request, credential({ ...keys, settings }), never)
    expect(accessKeyIn(signed)).toBe('ASIA1')
    expect(signed.headers['x-amz-security-token']).toBe('token-1')
    const [asked] = sts.asked
    expect(asked).toMatchObject({ method: 'POST', path: '/' })
    expect(asked?.body).toBe(
      'Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdemo' +
        '&RoleSessionName=gw%401&DurationSeconds=3600&ExternalId=ext%2F1%20%28a%29',
    )
    const expected = await signSigV4(
      {
        method: 'POST',
        url: `${sts.url}/`,
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: asked?.body ?? '',
      },
      {
        keys: {
          accessKeyId: 'AKIAGIVEN',
          secretAccessKey: new Secret('given'),
          sessionToken: null,
          expiresAt: null,
        },
        region: 'us-east-1',
        service: 'sts',
        now: time.now,
      },
    )
    expect(asked?.headers['authorization']).toBe(expected.headers['authorization'])
    // Signed, and written by the transport.
    expect(asked?.headers['host']).toBe(new URL(sts.url).host)
  })

  it("takes on a role by the gateway's own identity where there are no keys", async () => {
    await signer()(request, credential({ settings: role() }), never)
    expect(sts.asked[0]?.headers['authorization']).toContain('Credential=AKIAOWN/')
    expect(sts.asked[0]?.headers['x-amz-security-token']).toBe('own-token')
    expect(sts.asked[0]?.body).toContain('&RoleSessionName=modelgate&')
    expect(sts.asked[0]?.body).not.toContain('ExternalId')
  })

  it('asks once for all requests of an hour, and for one alone when many come at once', async () => {
    const sign = signer()
    const given = credential({ settings: role() })
    const signed = await Promise.all(Array.from({ length: 20 }, () => sign(request, given, never)))
    expect(new Set(signed.map(accessKeyIn))).toEqual(new Set(['ASIA1']))
    time.now += 49 * 60_000
    await sign(request, given, never)
    expect(sts.asked).toHaveLength(1)
    time.now += 7 * 60_000
    expect(accessKeyIn(await sign(request, given, never))).toBe('ASIA2')
  })

  it('never serves keys of another version, role, external id, session or region', async () => {
    const sign = signer()
    const base = { settings: role() }
    const others: Given[] = [
      base,
      { ...base, version: '2' },
      { settings: role({ aws_role_arn: `${arn}2` }) },
      { settings: role({ aws_external_id: 'x1' }) },
      { settings: role({ aws_role_session_name: 'other' }) },
      { settings: role({ aws_region: 'eu-west-1' }) },
      { settings: role(keys.settings), secrets: keys.secrets },
    ]
    const used = []
    for (const given of others) used.push(accessKeyIn(await sign(request, credential(given), never)))
    expect(new Set(used).size).toBe(others.length)
  })

  it('signs for the region of a named endpoint of AWS', async () => {
    const seen: UpstreamRequest[] = []
    const fetchText = (asked: UpstreamRequest) => {
      seen.push(asked)
      return Promise.resolve({ status: 200, headers: {}, text: granted(1) })
    }
    const sign = createAwsSigner({
      clock,
      fetchText,
      identity: () => Promise.resolve(ownKeys),
      closing: never,
    })
    const endpoints: [string | undefined, string, string][] = [
      [undefined, 'https://sts.us-east-1.amazonaws.com/', 'us-east-1'],
      ['https://sts.eu-west-1.amazonaws.com/', 'https://sts.eu-west-1.amazonaws.com/', 'eu-west-1'],
      ['https://sts.amazonaws.com', 'https://sts.amazonaws.com/', 'us-east-1'],
      [
        'https://vpce-1.sts.ap-south-1.vpce.amazonaws.com',
        'https://vpce-1.sts.ap-south-1.vpce.amazonaws.com/',
        'ap-south-1',
      ],
      ['https://proxy.example/sts', 'https://proxy.example/sts/', 'us-east-1'],
    ]
    for (const [endpoint, url, region] of endpoints) {
      await sign(
        request,
        credential({ settings: { aws_role_arn: arn, ...(endpoint ? { sts_endpoint: endpoint } : {}) } }),
        never,
      )
      expect(seen.at(-1)?.url).toBe(url)
      expect(seen.at(-1)?.headers['authorization']).toContain(`/20260102/${region}/sts/aws4_request`)
    }
    const china = credential({ settings: { aws_role_arn: arn, aws_region: 'cn-north-1' } })
    await sign(request, china, never)
    expect(seen.at(-1)?.url).toBe('https://sts.cn-north-1.amazonaws.com.cn/')
  })

  it('goes where the guard lets it: an endpoint from the control plane must be public', async () => {
    const stored = credential({ settings: role(), managedBy: 'store' })
    await expect(signer()(request, stored, never)).rejects.toMatchObject({ reason: 'network', costly: false })
    expect(sts.asked).toEqual([])
  })

  it.each<[string, number, FailureReason, string]>([
    ['AccessDenied', 403, 'permission', 'upstream_auth_failed'],
    ['ExpiredToken', 403, 'authentication', 'upstream_auth_failed'],
    ['InvalidClientTokenId', 403, 'authentication', 'upstream_auth_failed'],
    ['SignatureDoesNotMatch', 403, 'authentication', 'upstream_auth_failed'],
    ['ValidationError', 400, 'authentication', 'upstream_auth_failed'],
    ['RegionDisabledException', 403, 'region', 'upstream_auth_failed'],
    ['Throttling', 400, 'rate_limit', 'rate_limit_exceeded'],
    ['ServiceUnavailable', 503, 'provider_down', 'upstream_error'],
  ])('reads the refusal %s', async (code, status, reason, shown) => {
    const message = `User: arn:aws:sts::1:x is &quot;not&quot; authorized`
    answer = () => ({
      status,
      text: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    })
    await expect(signer()(request, credential({ settings: role() }), never)).rejects.toMatchObject({
      code: shown,
      reason,
      costly: false,
      message: expect.not.stringContaining('arn:'),
      upstream: { status, message: `STS AssumeRole: ${code}: User: arn:aws:sts::1:x is "not" authorized` },
    })
  })

  it.each([
    [200, '<html>'],
    [200, '<AssumeRoleResponse><AssumeRoleResult>x</AssumeRoleResult></AssumeRoleResponse>'],
    [200, '{}'],
    [500, 'broken'],
  ])('takes %i %j for a failure of AWS', async (status, text) => {
    answer = () => ({ status, text })
    await expect(signer()(request, credential({ settings: role() }), never)).rejects.toMatchObject({
      code: 'upstream_error',
      reason: 'provider_down',
    })
  })

  it('asks once in an outage, not once for each request', async () => {
    answer = () => ({ status: 503, text: '' })
    const sign = signer()
    const given = credential({ settings: role() })
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => sign(request, given, never)))
    expect(tries.map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
    await expect(sign(request, given, never)).rejects.toMatchObject({
      reason: 'provider_down',
      costly: false,
    })
    expect(sts.asked).toHaveLength(1)
    answer = () => ({ text: granted(9) })
    await expect(sign(request, credential({ settings: role(), version: '2' }), never)).resolves.toBeDefined()
  })

  it('stops waiting when the caller leaves', async () => {
    answer = () => null
    const leaving = new AbortController()
    const waiting = signer()(request, credential({ settings: role() }), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
  })

  it.each<[string, Given]>([
    ['neither keys nor a role', {}],
    ['no region', { ...keys, settings: { ...keys.settings, aws_region: '' } }],
    [
      'a session token that no header can carry',
      { ...keys, secrets: { ...keys.secrets, aws_session_token: 'a\nb' } },
    ],
    ['an access key id that is none', { ...keys, settings: { aws_access_key_id: 'AKIA\r\nx: y' } }],
  ])('refuses a credential with %s', async (_name, given) => {
    const refused = async () => signer()(request, credential(given), never)
    await expect(refused()).rejects.toMatchObject({ code: 'upstream_auth_failed', reason: 'authentication' })
  })
})
