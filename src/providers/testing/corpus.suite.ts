import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../core/errors.ts'
import type { Call, Provider, Translator, UpstreamResponse } from '../../core/provider.ts'
import { asObject, type JsonObject, parseJson, parseObject } from '../shared/json.ts'
import { scrub } from '../shared/scrub.ts'
import { assembleAnswer, assembleStream, type Assembled } from './assemble.ts'
import { readCorpus, type Expected, type RecordedCase } from './corpus-case.ts'
import { type DrivenStream, runStream } from './drive-stream.ts'

export interface CorpusOptions {
  readonly provider: Provider
  /** Names in the corpus folder, as `anthropic.jsonl`. */
  readonly file: string
  /** The OpenAI call that such an answer could be the answer to. */
  readonly makeCall: (recorded: RecordedCase) => Call
  /** Why a case cannot be met through this provider, or null. Most of what OpenAI cannot express is compared all the same. */
  readonly excuse?: (recorded: RecordedCase) => string | null
}

const truncations = 50
const drawnCuts = 500
/** Streams up to here are cut at every byte. */
const shortBytes = 4096
/** Ways of asking that no translator uses, so that it never reads the answers (the corpus's own description). */
const neverAsked = ['json_array_stream', 'enum_int']

/**
 * Recorded answers of real providers against what an OpenAI client should see: whole answers, streams, streams broken
 * off at 50 places and cut in two anywhere. `MODELGATE_CORPUS` names the folder; without it one skipped test says so.
 */
export function corpusSuite({ provider, file, makeCall, excuse = () => null }: CorpusOptions): void {
  const folder = process.env['MODELGATE_CORPUS'] || null
  const recorded = folder === null ? [] : readCorpus(readFileSync(join(folder, file), 'utf8'))
  const isAsked = ({ features }: RecordedCase) => !features.some((feature) => neverAsked.includes(feature))
  const cases = recorded.filter((one) => isAsked(one) && excuse(one) === null)
  const title = folder === null ? 'MODELGATE_CORPUS is not set, only our own fixtures were run' : file

  describe.skipIf(folder === null)(`recorded answers: ${title}`, () => {
    it(`has cases to run: ${cases.length} of ${recorded.length}`, () => {
      expect(cases.length).toBeGreaterThan(0)
    })
    describe.each(cases)('$id', (one) => {
      caseTests(one, { provider, call: makeCall(one) })
    })
  })
}

function caseTests(one: RecordedCase, { provider, call }: { provider: Provider; call: Call }): void {
  const translator = provider.operations[call.operation]
  if (translator === undefined) throw new Error(`${provider.id} has no ${call.operation}`)
  const bytes = Buffer.from(one.response.body_base64, 'base64')
  const run: Run = (...chunks) => runStream({ translator, call, headers: one.response.headers, chunks })
  const seed = Date.now() % 1_000_000

  it(`comes to what a client should see (${one.features.join(' ')})`, async () => {
    const outcome = await outcomeOf({ provider, translator, call, one, bytes })
    expect(shownOf(outcome, one.expect)).toEqual(wantedOf(one.expect))
  })
  if (!one.stream || one.response.status >= 400) return
  it('is never a shorter success where it was cut off', async () => {
    expect(await shortSuccesses(run, bytes)).toEqual([])
  })
  it(`is the same wherever it is cut in two (seed ${seed})`, async () => {
    expect(await differingCuts(run, bytes, seed)).toEqual([])
  })
}

type Run = (...chunks: Uint8Array[]) => Promise<DrivenStream>

interface Outcome {
  readonly answer: (Assembled & { readonly vectors: readonly (readonly number[])[] }) | null
  readonly error: unknown
}

interface OutcomeOptions {
  readonly provider: Provider
  readonly translator: Translator
  readonly call: Call
  readonly one: RecordedCase
  readonly bytes: Uint8Array
}

async function outcomeOf({ provider, translator, call, one, bytes }: OutcomeOptions): Promise<Outcome> {
  const { status, headers } = one.response
  if (status >= 400) {
    return {
      answer: null,
      error: provider.readError({ status, headers, body: bytes, connection: call.connection }),
    }
  }
  if (one.stream) {
    const { events, error, usage } = await runStream({ translator, call, headers, chunks: [bytes] })
    return { answer: { ...assembleStream(events), vectors: [], usage }, error }
  }
  return readWhole(translator, call, { status, headers, body: bytes })
}

async function readWhole(translator: Translator, call: Call, response: UpstreamResponse): Promise<Outcome> {
  try {
    const { body, usage } = await translator.readResponse([response], call)
    const shown = parseObject(body === null ? response.body : JSON.stringify(body)) ?? {}
    return { answer: { ...assembleAnswer(shown), vectors: vectorsIn(shown), usage }, error: null }
  } catch (error) {
    return { answer: null, error }
  }
}

/** Embeddings in the order of their `index`, from numbers or from base64 of 32-bit floats. */
function vectorsIn(body: JsonObject): number[][] {
  const data: readonly unknown[] = Array.isArray(body['data']) ? body['data'] : []
  const items = data.map((item) => asObject(item) ?? {})
  return items
    .toSorted((one, other) => Number(one['index']) - Number(other['index']))
    .map(({ embedding }) => (typeof embedding === 'string' ? floats(embedding) : (embedding as number[])))
}

function floats(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}

/** What was expected, as far as the provider said it; errors by whether their words are shown or kept. */
function wantedOf({
  text,
  reasoning,
  tool_calls,
  finish_reason,
  usage,
  error,
  ...vectors
}: Expected): object {
  if (error !== null) return { isGatewayError: true, status: error.status, saysWhy: true }
  return {
    error: null,
    text,
    reasoning,
    tool_calls,
    finish_reason,
    usage: usage ?? {},
    count: vectors.embedding_count ?? 0,
    dimensions: vectors.embedding_dim ?? undefined,
    heads: (vectors.embedding_heads ?? []).map(rounded),
  }
}

function rounded(numbers: readonly number[]): string[] {
  return numbers.map((number) => number.toPrecision(4))
}

/** The outcome in the same form, with an equally defensible value replaced by the expected one. */
function shownOf({ answer, error }: Outcome, expected: Expected): object {
  if (expected.error !== null) {
    const { message = '', upstream = null } = error instanceof GatewayError ? error : {}
    return {
      isGatewayError: error instanceof GatewayError,
      status: expected.error.status === null ? null : upstream?.status,
      saysWhy: `${message}\n${upstream?.message}`.includes(scrub(expected.error.message)),
    }
  }
  const counts = {
    prompt_tokens: answer?.usage?.input,
    completion_tokens: answer?.usage?.output,
    cached_tokens: answer?.usage?.cachedInput,
    reasoning_tokens: answer?.usage?.reasoning,
  }
  const usage = Object.entries(expected.usage ?? {}).map(([name, stated]) => {
    const count = counts[name as keyof typeof counts]
    return [name, stated === null ? null : settled(expected, `usage.${name}`, stated, count)]
  })
  return {
    error,
    text: answer?.text,
    reasoning: answer?.reasoning,
    tool_calls: answer?.toolCalls.map((call) => ({ name: call.name, arguments: parseJson(call.arguments) })),
    finish_reason: settled(expected, 'finish_reason', expected.finish_reason, answer?.finishReason),
    usage: Object.fromEntries(usage),
    count: answer?.vectors.length,
    dimensions: answer?.vectors[0]?.length,
    heads: (expected.embedding_heads ?? []).map((head, index) =>
      rounded(answer?.vectors[index]?.slice(0, head.length) ?? []),
    ),
  }
}

function settled(expected: Expected, path: string, wanted: unknown, got: unknown): unknown {
  return expected.alternatives?.[path]?.includes(got) ? wanted : got
}

/** Lengths at which the beginning of a stream passes for a whole answer, and is another one. */
async function shortSuccesses(run: Run, bytes: Uint8Array): Promise<number[]> {
  // Without the count of tokens, which OpenAI's own streams state after the answer is whole.
  const answerIn = ({ events }: DrivenStream) => ({ ...assembleStream(events), usage: null })
  const whole = answerIn(await run(bytes))
  const found: number[] = []
  for (let place = 0; place < truncations; place++) {
    const length = Math.floor((bytes.length * place) / truncations)
    const part = await run(bytes.subarray(0, length))
    if (part.error === null && !isDeepStrictEqual(answerIn(part), whole)) found.push(length)
  }
  return found
}

/** Places at which a cut between two network chunks changes what comes of a stream. */
async function differingCuts(run: Run, bytes: Uint8Array, seed: number): Promise<number[]> {
  const expected = seen(await run(bytes))
  const cuts =
    bytes.length <= shortBytes
      ? Array.from({ length: bytes.length }, (_, cut) => cut)
      : Array.from({ length: drawnCuts }, (_, index) => drawn(seed + index) % bytes.length)
  const found: number[] = []
  for (const cut of cuts) {
    const parts = await run(bytes.subarray(0, cut), bytes.subarray(cut))
    if (!isDeepStrictEqual(seen(parts), expected)) found.push(cut)
  }
  return found
}

function seen({ events, usage, error }: DrivenStream): object {
  return { events, usage, error: error?.message }
}

/** A whole number below 2^32 that looks random and is the same for the same seed (Murmur's finaliser). */
function drawn(seed: number): number {
  let hash = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
