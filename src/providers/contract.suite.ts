import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import type { Call, HeaderMap, Provider, Translator, UpstreamResponse } from '../core/provider.ts'
import { parseObject } from './shared/json.ts'
import { assembleAnswer, assembleStream, type Assembled } from './testing/assemble.ts'
import { testConnection } from './testing/chat-call.ts'
import { type DrivenStream, runStream } from './testing/drive-stream.ts'

export interface StreamFixture {
  readonly name: string
  readonly call: Call
  /** What the upstream sends, whole. */
  readonly bytes: Uint8Array
  readonly headers?: HeaderMap
  readonly expected: Partial<Assembled>
  /** Set where the stream itself tells of a failure. */
  readonly failure?: Partial<GatewayError>
}

export interface AnswerFixture {
  readonly name: string
  readonly call: Call
  readonly responses: readonly UpstreamResponse[]
  readonly expected: Partial<Assembled>
}

export interface ErrorFixture {
  readonly name: string
  readonly status: number
  readonly headers?: HeaderMap
  readonly body: string | Uint8Array
  readonly expected: Partial<GatewayError>
}

export interface ProviderSuiteOptions {
  readonly name: string
  readonly provider: Provider
  readonly fixtures: {
    readonly streams: readonly StreamFixture[]
    readonly answers: readonly AnswerFixture[]
    readonly errors: readonly ErrorFixture[]
  }
}

/** What every provider must do with what upstreams send (CONTRIBUTING, "A provider"), over its own fixtures. */
export function providerSuite({ name, provider, fixtures }: ProviderSuiteOptions): void {
  describe(`${name}: the contract of providers`, () => {
    const translatorOf = ({ operation }: Call): Translator => {
      const translator = provider.operations[operation]
      if (translator === undefined) throw new Error(`${provider.id} has no ${operation}`)
      return translator
    }
    describe.each([...fixtures.streams])('stream: $name', (fixture) => {
      streamTests(fixture, translatorOf(fixture.call))
    })
    describe.each([...fixtures.answers])('answer: $name', (fixture) => {
      answerTests(fixture, translatorOf(fixture.call))
    })
    describe('errors', () => {
      errorTests(provider, fixtures.errors)
    })
  })
}

const complete = { complete: true }

function streamTests(
  { call, bytes, headers = {}, expected, failure }: StreamFixture,
  translator: Translator,
): void {
  const run = (...chunks: Uint8Array[]) => runStream({ translator, call, headers, chunks })
  const whole = run(bytes)

  it('comes to the answer that it holds', async () => {
    const { events, error } = await whole
    expect(assembleStream(events)).toMatchObject(expected)
    expect(error ?? complete).toMatchObject(failure ?? complete)
  })

  it('comes to the same events wherever the network cuts it', async () => {
    const { events, error, usage, counted } = await whole
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parts = await run(bytes.subarray(0, cut), bytes.subarray(cut))
      expect(parts, `cut at byte ${cut}`).toMatchObject({ events, usage, counted })
      expect(parts.error?.message).toBe(error?.message)
    }
    const singles = await run(...Array.from(bytes, (byte) => Uint8Array.of(byte)))
    expect(singles).toMatchObject({ events, usage, counted })
  })

  it('is never a shorter success where it was cut off', async () => {
    // Without the count of tokens, which may follow an answer that is whole.
    const answerIn = ({ events }: DrivenStream) => ({ ...assembleStream(events), usage: null })
    const wholeAnswer = answerIn(await whole)
    const shorter: number[] = []
    for (let length = 0; length < bytes.length; length++) {
      const part = await run(bytes.subarray(0, length))
      if (part.error === null && !isDeepStrictEqual(answerIn(part), wholeAnswer)) shorter.push(length)
    }
    expect(shorter).toEqual([])
  })

  it('takes any bytes after any beginning, in bounded memory, with no fault but GatewayError', async () => {
    const tail = fc.uint8Array({ maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), tail, tail, async (length, one, other) => {
        const { error } = await run(bytes.subarray(0, length), one, other)
        expect(error === null || error instanceof GatewayError).toBe(true)
      }),
      { numRuns: 200, verbose: true },
    )
    const endless = Array.from({ length: 40 }, () => Buffer.alloc(1024 * 1024, 'x'))
    expect((await run(...endless)).error).toBeInstanceOf(GatewayError)
  })
}

function answerTests({ call, responses, expected }: AnswerFixture, translator: Translator): void {
  const read = async (given: readonly UpstreamResponse[]) => {
    const { body, usage } = await translator.readResponse(given, call)
    const shown = body === null ? parseObject(given[0]?.body ?? '') : parseObject(JSON.stringify(body))
    return { shown: shown ?? {}, usage }
  }

  it('comes to the answer that it holds', async () => {
    const { shown, usage } = await read(responses)
    expect({ ...assembleAnswer(shown), usage }).toMatchObject(expected)
  })

  it('is a failure of the provider where it was cut off or is something else', async () => {
    const [first, ...more] = responses
    if (first === undefined) throw new Error('an answer has a response')
    const other = (body: Uint8Array) => [{ ...first, body }, ...more]
    const cut = fc.nat(first.body.length - 2).map((length) => first.body.subarray(0, length))
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, fc.uint8Array({ maxLength: 300 })), async (body) => {
        const failed = read(other(body)).then(
          () => null,
          (error: unknown) => error,
        )
        expect(await failed).toMatchObject({ name: 'GatewayError', status: 502, reason: 'provider_down' })
      }),
      { numRuns: 100, verbose: true },
    )
  })
}

function errorTests(provider: Provider, errors: readonly ErrorFixture[]): void {
  const connection = testConnection({ provider: provider.id })
  const read = (status: number, headers: HeaderMap, body: string | Uint8Array) =>
    provider.readError({ status, headers, body: Buffer.from(body), connection })

  it.each([...errors])('means what it says: $name', ({ status, headers = {}, body, expected }) => {
    const error = read(status, headers, body)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject(expected)
  })

  it('hides what could be a key, wherever it stands', () => {
    for (const { status, headers = {}, body } of errors) {
      const text = Buffer.from(body).toString('utf8')
      const planted = text.replaceAll(/"(message|detail|error)"\s*:\s*"/g, '$&sk-planted0123456789abcdef ')
      const { message, upstream } = read(status, headers, planted)
      expect(`${message} ${upstream?.message ?? ''}`).not.toContain('planted')
    }
  })

  it('is total: any status and any bytes are a GatewayError', () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
      fc.jsonValue().map((error) => Buffer.from(JSON.stringify({ error }))),
    )
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'retry-after-ms', 'x-ratelimit-reset', 'date', 'content-type'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), headers, bodies, (status, given, body) => {
        const error = read(status, given, body)
        expect(error).toBeInstanceOf(GatewayError)
        expect(error.status).toBeGreaterThanOrEqual(400)
        expect(error.status).toBeLessThanOrEqual(504)
        expect(error.message.length).toBeGreaterThan(0)
        expect(error.message.length).toBeLessThan(3000)
        expect(error.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0)
        expect([401, 402, 403]).not.toContain(error.status)
      }),
      { numRuns: 500, verbose: true },
    )
  })
}
