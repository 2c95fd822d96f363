import { describe, expect, it } from 'vitest'
import type { FailureReason } from '../../core/failure.ts'
import { testConnection } from '../testing/chat-call.ts'
import { readError, readStreamError } from './read-error.ts'

const settings = { aws_region: 'eu-west-1' }
const connection = testConnection({ provider: 'bedrock', modelName: 'anthropic.claude-3-haiku', settings })
const coral = 'http://internal.amazon.com/coral/com.amazon.bedrock/'

function read(status: number, type: string | null, body: unknown) {
  const headers = type === null ? {} : { 'x-amzn-errortype': type }
  return readError({ status, headers, body: Buffer.from(JSON.stringify(body)), connection })
}

describe('readError', () => {
  it.each<[number, string, string, number, FailureReason | null]>([
    [
      403,
      'AccessDeniedException',
      "You don't have access to the model with the specified model ID.",
      502,
      'permission',
    ],
    [
      403,
      'AccessDeniedException',
      'Authentication failed: Please make sure your API Key is valid.',
      502,
      'authentication',
    ],
    [403, 'AccessDeniedException', 'Bearer Token has expired', 502, 'authentication'],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      502,
      'authentication',
    ],
    [
      403,
      'InvalidSignatureException',
      'The request signature we calculated does not match',
      502,
      'authentication',
    ],
    [
      400,
      'ExpiredTokenException',
      'The security token included in the request is expired',
      502,
      'authentication',
    ],
    [
      403,
      'IncompleteSignature',
      'Credential must have at least 5 slash-separated elements',
      502,
      'authentication',
    ],
    [403, 'MissingAuthenticationTokenException', 'Missing Authentication Token', 502, 'authentication'],
    [400, 'ValidationException', 'max_tokens: must be positive', 400, null],
    [400, 'ValidationException', 'Input is too long for requested model.', 400, null],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 502, 'model_not_found'],
    [400, 'ValidationException', 'Operation not allowed', 502, 'permission'],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model', 502, 'model_not_found'],
    [
      404,
      'ResourceNotFoundException',
      'This model version has reached the end of its life.',
      502,
      'model_deprecated',
    ],
    [429, 'ThrottlingException', 'Too many tokens, please wait before trying again.', 429, 'rate_limit'],
    [429, 'ThrottlingException', 'Too many tokens per day, please wait before trying again.', 429, 'quota'],
    [429, 'ModelNotReadyException', 'The model is warming up.', 429, 'rate_limit'],
    [400, 'ServiceQuotaExceededException', 'Quota exceeded', 429, 'quota'],
    [408, 'ModelTimeoutException', 'The model took too long', 502, 'provider_down'],
    [424, 'ModelErrorException', 'The model failed', 502, 'provider_down'],
    [503, 'ServiceUnavailableException', 'Try again', 502, 'provider_down'],
    [500, 'InternalServerException', 'Oops', 502, 'provider_down'],
    [400, 'ConflictException', 'Busy', 502, 'provider_down'],
  ])('reads %i %s: %s', (status, type, message, shown, reason) => {
    const error = read(status, `${type}:${coral}`, { message })
    expect(error).toMatchObject({ status: shown, reason, upstream: { status } })
    expect(error.upstream?.message).toContain(message)
  })

  it('says that a request is too long in the word for it', () => {
    expect(
      read(400, 'ValidationException', { message: 'Input is too long for requested model.' }),
    ).toMatchObject({
      code: 'context_length_exceeded',
      shownCode: 'context_length_exceeded',
    })
  })

  it('finds the name wherever it stands, in any spelling', () => {
    const cases: [string | null, object][] = [
      [`aws.bedrock#ThrottlingException,${coral}`, {}],
      [null, { __type: 'com.amazon.bedrock#ThrottlingException', Message: 'Slow down' }],
      [null, { code: 'ThrottlingException' }],
      [null, { Output: { __type: 'com.amazon.coral.service#ThrottlingException' }, Version: '1.0' }],
    ]
    for (const [type, body] of cases) expect(read(400, type, body).reason).toBe('rate_limit')
  })

  it('goes by the status where there is no name', () => {
    expect(read(403, null, { message: 'no' }).reason).toBe('permission')
    expect(read(429, null, '').reason).toBe('rate_limit')
    expect(read(502, null, { message: 'bad' }).reason).toBe('provider_down')
    expect(read(400, null, { message: 'bad' }).reason).toBeNull()
  })

  it('names the inference profile where a model is not called by its own id', () => {
    const message =
      'Invocation of model ID anthropic.claude-3-haiku with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.'
    const error = read(400, 'ValidationException', { message })
    expect(error).toMatchObject({ reason: 'model_not_found' })
    expect(error.upstream?.message).toContain('`eu.anthropic.claude-3-haiku`')
  })

  it('does not let the words of a request put a connection out of service', () => {
    const message = 'The value "on-demand throughput, bearer token, per day, end of its life" is not valid'
    expect(read(400, 'ValidationException', { message }).reason).toBeNull()
  })
})

describe('readStreamError', () => {
  it.each<[string, number, FailureReason | null]>([
    ['throttlingException', 429, 'rate_limit'],
    ['serviceUnavailableException', 502, 'provider_down'],
    ['modelTimeoutException', 502, 'provider_down'],
    ['validationException', 400, null],
    ['modelStreamErrorException', 502, 'provider_down'],
    ['internalServerException', 502, 'provider_down'],
    ['somethingNew', 502, 'provider_down'],
  ])('reads %s', (type, status, reason) => {
    const error = readStreamError({ type, data: '{"message":"why"}', kind: 'exception' }, connection)
    expect(error).toMatchObject({ status, reason, upstream: { status: null, message: 'why' } })
  })

  it("takes a failing model's own words, and none at all", () => {
    const own = {
      type: 'modelStreamErrorException',
      data: '{"originalMessage":"its own"}',
      kind: 'exception' as const,
    }
    expect(readStreamError(own, connection).upstream?.message).toBe('its own')
    expect(readStreamError({ ...own, data: 'not JSON' }, connection).reason).toBe('provider_down')
  })
})
