import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, type Asked, type Loopback, startLoopback } from '../signers/aws-loopback.suite.ts'
import { createContainerKeys } from './aws-container.ts'
import type { AwsEnvironment } from './aws-environment.ts'
import { createAwsIdentity } from './aws-identity.ts'

const never = new AbortController().signal
const minute = 60_000
const time = { now: 0 }
const clock = { now: () => time.now, monotonic: () => time.now }

let endpoint: Loopback
let answer: (asked: Asked) => Answer | null
let folder: string

beforeEach(async () => {
  time.now = Date.parse('2026-01-02T03:04:05Z')
  answer = () => ({ status: 404, text: '' })
  endpoint = await startLoopback((asked) => answer(asked))
  folder = mkdtempSync(join(tmpdir(), 'identity-'))
})
afterEach(async () => {
  await endpoint.stop()
  rmSync(folder, { recursive: true })
})

function identity(environment: AwsEnvironment) {
  const own = createAwsIdentity({ environment, clock, fetchText: endpoint.fetchText, closing: never })
  return async () => (await own(never)).accessKeyId
}

/** Keys as the container and instance endpoints give them, for an hour. */
function jsonKeys(accessKeyId: string): Answer {
  const Expiration = new Date(time.now + 60 * minute).toISOString()
  const keys = { Code: 'Success', AccessKeyId: accessKeyId, SecretAccessKey: 's', Token: 't', Expiration }
  return { text: JSON.stringify(keys) }
}

function tokenFile(token: string): string {
  const path = join(folder, 'token')
  writeFileSync(path, token)
  return path
}

describe('createAwsIdentity: keys in the environment', () => {
  it('takes them before every other source', async () => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'AKIA1',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
    }
    const keys = await createAwsIdentity({
      environment,
      clock,
      fetchText: endpoint.fetchText,
      closing: never,
    })(never)
    expect(keys).toMatchObject({ accessKeyId: 'AKIA1', expiresAt: null })
    expect([keys.secretAccessKey.reveal(), keys.sessionToken?.reveal()]).toEqual(['s', 't'])
    expect(endpoint.asked).toEqual([])
  })

  it('passes half a pair over', async () => {
    answer = () => jsonKeys('ASIA-CONTAINER')
    const own = identity({ AWS_ACCESS_KEY_ID: 'AKIA1', AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url })
    expect(await own()).toBe('ASIA-CONTAINER')
  })
})

describe('createAwsIdentity: a web identity token', () => {
  const granted = (accessKeyId: string): Answer => ({
    text:
      '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>' +
      `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>` +
      `<Expiration>${new Date(time.now + 60 * minute).toISOString()}</Expiration>` +
      '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
  })
  const environment = (token: string) => ({
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile(token),
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/pod',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_STS: endpoint.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/container`,
  })

  it('is exchanged unsigned, and read anew for each exchange', async () => {
    answer = () => granted(`ASIA${endpoint.asked.length}`)
    const own = identity(environment('first.token\n'))
    expect(await own()).toBe('ASIA1')
    expect(endpoint.asked[0]).toMatchObject({
      method: 'POST',
      path: '/',
      body:
        'Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpod' +
        '&RoleSessionName=modelgate&DurationSeconds=3600&WebIdentityToken=first.token',
    })
    expect(endpoint.asked[0]?.headers['authorization']).toBeUndefined()
    tokenFile('second.token')
    expect(await own()).toBe('ASIA1')
    time.now += 56 * minute
    expect(await own()).toBe('ASIA2')
    expect(endpoint.asked[1]?.body).toContain('WebIdentityToken=second.token')
  })

  it('that is refused is not followed by the next source', async () => {
    answer = () => ({
      status: 400,
      text: '<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>no</Message></Error></ErrorResponse>',
    })
    await expect(identity(environment('a'))()).rejects.toMatchObject({
      reason: 'authentication',
      costly: false,
    })
    expect(endpoint.asked).toHaveLength(1)
  })

  it.each([
    ['is not there', null],
    ['is empty', ''],
    ['holds more than a token', 'one\ntwo'],
    ['is far too long', 'x'.repeat(70_000)],
  ])('whose file %s is a fault of the deployment', async (_name, text) => {
    const given = environment(text ?? '')
    if (text === null) rmSync(given.AWS_WEB_IDENTITY_TOKEN_FILE)
    await expect(identity(given)()).rejects.toMatchObject({
      code: 'upstream_auth_failed',
      reason: 'authentication',
    })
    expect(endpoint.asked).toEqual([])
  })
})

describe('createAwsIdentity: a container', () => {
  it('is asked with its token, and again before its keys end', async () => {
    answer = () => jsonKeys(`ASIA${endpoint.asked.length}`)
    const own = identity({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/creds?x=1`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Bearer plain',
    })
    expect(await own()).toBe('ASIA1')
    expect(endpoint.asked[0]).toMatchObject({ method: 'GET', path: '/creds?x=1' })
    expect(endpoint.asked[0]?.headers['authorization']).toBe('Bearer plain')
    time.now += 49 * minute
    expect(await own()).toBe('ASIA1')
    time.now += 7 * minute
    expect(await own()).toBe('ASIA2')
  })

  it('whose token is in a file is asked with what the file then holds', async () => {
    answer = () => jsonKeys('ASIA1')
    const own = identity({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile('one'),
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'not this',
    })
    await own()
    tokenFile('two')
    time.now += 56 * minute
    await own()
    expect(endpoint.asked.map(({ headers }) => headers['authorization'])).toEqual(['one', 'two'])
  })

  it('of ECS is asked at its own address', async () => {
    answer = () => jsonKeys('ASIA-ECS')
    const environment = {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/not-this',
    }
    const asked: string[] = []
    const fetchText: Loopback['fetchText'] = ({ url }, { egress }) => {
      asked.push(`${egress} ${url}`)
      return Promise.resolve({ status: 200, headers: {}, text: jsonKeys('ASIA-ECS').text })
    }
    await createContainerKeys({ environment, fetchText })?.(never)
    expect(asked).toEqual(['metadata http://169.254.170.2/v2/credentials/1'])
    const scripted = createContainerKeys({ environment, fetchText: endpoint.fetchText, host: endpoint.url })
    expect(await scripted?.(never)).toMatchObject({ accessKeyId: 'ASIA-ECS' })
    expect(endpoint.asked[0]?.path).toBe('/v2/credentials/1')
  })

  it.each([
    'http://example.com/creds',
    'http://169.254.169.254/latest',
    'http://10.0.0.1/creds',
    'http://127.0.0.1.example.com/',
    'ftp://127.0.0.1/',
    'no url',
  ])('at %s gets no token over plain HTTP', async (url) => {
    const own = identity({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret',
    })
    await expect(own()).rejects.toMatchObject({ code: 'upstream_auth_failed', reason: 'authentication' })
  })

  it.each<[number, string, string]>([
    [403, '{"message":"no"}', 'authentication'],
    [429, '', 'provider_down'],
    [500, '', 'provider_down'],
    [200, '{"Code":"Failed"}', 'provider_down'],
    [200, 'nothing', 'provider_down'],
  ])('that answers %i %s fails by %s', async (status, text, reason) => {
    answer = () => ({ status, text })
    const own = identity({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url })
    await expect(own()).rejects.toMatchObject({ reason, costly: false })
  })
})

describe('createAwsIdentity: an instance', () => {
  const environment = (more: AwsEnvironment = {}) => ({
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint.url,
    ...more,
  })
  const version2 = (asked: Asked): Answer => {
    if (asked.method === 'PUT' && asked.path === '/latest/api/token') return { text: 'session-token' }
    if (asked.headers['x-aws-ec2-metadata-token'] !== 'session-token') return { status: 401, text: '' }
    if (asked.path === '/latest/meta-data/iam/security-credentials/') return { text: 'my role\n' }
    if (asked.path === '/latest/meta-data/iam/security-credentials/my%20role') return jsonKeys('ASIA-EC2')
    return { status: 404, text: '' }
  }

  it('gives its keys for a session token, and again before they end', async () => {
    answer = version2
    const own = identity(environment())
    expect(await own()).toBe('ASIA-EC2')
    expect(endpoint.asked[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('300')
    expect(endpoint.asked).toHaveLength(3)
    time.now += 56 * minute
    expect(await own()).toBe('ASIA-EC2')
    expect(endpoint.asked).toHaveLength(6)
  })

  it('is not asked without a session token, unless that is configured', async () => {
    const version1 = (asked: Asked): Answer => {
      if (asked.method === 'PUT') return { status: 404, text: '' }
      return asked.path.endsWith('/') ? { text: 'role' } : jsonKeys('ASIA-V1')
    }
    answer = version1
    await expect(identity(environment())()).rejects.toMatchObject({ reason: 'authentication' })
    expect(endpoint.asked).toHaveLength(1)
    expect(await identity(environment({ AWS_EC2_METADATA_V1_DISABLED: 'false' }))()).toBe('ASIA-V1')
  })

  it('without a role has no keys to give', async () => {
    answer = (asked) => (asked.method === 'PUT' ? { text: 'session-token' } : { status: 404, text: '' })
    await expect(identity(environment())()).rejects.toMatchObject({
      reason: 'authentication',
      message: 'The instance has no role.',
    })
  })

  it('is not asked where that is switched off', async () => {
    const own = identity(environment({ AWS_EC2_METADATA_DISABLED: 'TRUE' }))
    await expect(own()).rejects.toMatchObject({ message: 'The gateway has no AWS identity of its own.' })
    expect(endpoint.asked).toEqual([])
  })

  it('that does not answer is given up on quickly', async () => {
    answer = () => null
    await expect(identity(environment())()).rejects.toMatchObject({ reason: 'network', costly: false })
  })
})
