import { getOrInsert } from '../core/get-or-insert.ts'
import type { AttemptRecord, RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { durationBuckets, firstTokenBuckets, overheadBuckets } from './buckets.ts'
import { type LabelBounds, mostPlaces, type Place } from './labels.ts'
import { createMemo } from './memo.ts'
import {
  countLines,
  createCount,
  createDistribution,
  createSeriesMap,
  type Count,
  type Distribution,
  type Family,
  type Labels,
} from './series.ts'
import { tokensByType, tokenTypes, type TokenType } from './token-types.ts'

interface Latency {
  readonly labels: Labels
  readonly text: string
  readonly duration: Distribution
  readonly firstToken: Distribution
  readonly overhead: Distribution
}

interface Tokens {
  readonly labels: Labels
  readonly types: Readonly<Record<TokenType, Count>>
}

/** What requests of one operation at one place add to: their labels are looked up once, not for each. */
interface Tally {
  readonly place: Place
  readonly latency: Latency
  /** By the team's label. */
  readonly teams: Map<string, TeamTally>
}

interface TeamTally {
  /** By status, each made at first use, as are the tokens. */
  readonly requests: Map<number, Count>
  tokens: Tokens | null
}

export interface RequestMetrics {
  /** Counts one finished request and its attempts. Does not throw. */
  observe(record: RequestRecord): void
  /** Drops the series for which `keeps` is false. */
  retain(keeps: (labels: Labels) => boolean): void
  readonly families: readonly Family[]
}

/** The metrics that every request adds to (design §10), their labels bounded by `bounds`. */
export function createRequestMetrics(bounds: LabelBounds): RequestMetrics {
  const requests = createSeriesMap(createCount)
  const latencies = createSeriesMap(openLatency)
  const tokens = createSeriesMap(openTokens)
  const attempts = createSeriesMap(createCount)
  const tallies = createMemo<Tally>(mostPlaces)
  const tried = createMemo<Count>(mostPlaces)

  function openTally(record: RequestRecord): Tally {
    const place = bounds.place(record)
    const latency = latencies.of({ operation: record.operation, ...place })
    return { place, latency, teams: new Map() }
  }

  function requestsLike({ operation, status }: RequestRecord, { place }: Tally, team: string): Count {
    return requests.of({ operation, ...place, team, status: String(status) })
  }

  function attemptsLike(attempt: AttemptRecord): Count {
    const { model, provider, connection, outcome } = attempt
    return tried.of([model, provider, connection, outcome], () =>
      attempts.of({ ...bounds.place(attempt), outcome }),
    )
  }

  function observe(record: RequestRecord): void {
    const { operation, model, provider, connection, status, usage } = record
    const tally = tallies.of([operation, model, provider, connection], () => openTally(record))
    const team = bounds.team(record.team)
    const ofTeam = getOrInsert(tally.teams, team, () => ({
      requests: new Map<number, Count>(),
      tokens: null,
    }))
    getOrInsert(ofTeam.requests, status, () => requestsLike(record, tally, team)).value++
    observeLatency(tally.latency, record)
    if (usage !== null) addTokens((ofTeam.tokens ??= tokens.of({ ...tally.place, team })), usage)
    for (const attempt of record.attempts) attemptsLike(attempt).value++
  }

  function retain(keeps: (labels: Labels) => boolean): void {
    for (const series of [requests, latencies, tokens, attempts]) series.retain(keeps)
    for (const memo of [tallies, tried]) memo.clear()
  }

  const families = [
    counts('modelgate_requests_total', 'Requests ended, by the status sent.', () => requests.all()),
    counts(
      'modelgate_tokens_total',
      'Tokens as providers stated them. The types do not overlap, their sum is all tokens: ' +
        'input without what a cache held, cached_input, output without reasoning, reasoning.',
      () => Array.from(tokens.all(), ({ types }) => Object.values(types)).flat(),
    ),
    counts('modelgate_upstream_attempts_total', 'Attempts on connections, by what came of them.', () =>
      attempts.all(),
    ),
    ...latencyFamilies(() => latencies.all()),
  ]
  return { observe, retain, families }
}

function counts(name: string, help: string, all: () => Iterable<Count>): Family {
  return { name, help, type: 'counter', lines: () => countLines(name, all()) }
}

function latencyFamilies(all: () => Iterable<Latency>): Family[] {
  const family = (name: string, help: string, pick: (latency: Latency) => Distribution): Family => ({
    name,
    help,
    type: 'histogram',
    lines: () => Array.from(all(), (latency) => pick(latency).lines(name, latency.text)).flat(),
  })
  return [
    family(
      'modelgate_request_duration_seconds',
      'From the arrival of a request to the last byte of its answer.',
      ({ duration }) => duration,
    ),
    family(
      'modelgate_time_to_first_token_seconds',
      'From the arrival of a streamed request to the first content of its answer.',
      ({ firstToken }) => firstToken,
    ),
    family(
      'modelgate_overhead_seconds',
      'What of the duration of a request was not spent waiting for the upstream.',
      ({ overhead }) => overhead,
    ),
  ]
}

function openLatency(labels: Labels, text: string): Latency {
  return {
    labels,
    text,
    duration: createDistribution(durationBuckets),
    firstToken: createDistribution(firstTokenBuckets),
    overhead: createDistribution(overheadBuckets),
  }
}

function observeLatency({ duration, firstToken, overhead }: Latency, record: RequestRecord): void {
  duration.observe(seconds(record.durationMs))
  overhead.observe(seconds(record.durationMs - record.upstreamMs))
  if (record.stream && record.firstTokenMs !== null) firstToken.observe(seconds(record.firstTokenMs))
}

function openTokens(labels: Labels): Tokens {
  const open = (type: TokenType) => createCount({ ...labels, type })
  return {
    labels,
    types: {
      input: open('input'),
      cached_input: open('cached_input'),
      output: open('output'),
      reasoning: open('reasoning'),
    },
  }
}

function addTokens({ types }: Tokens, usage: Usage): void {
  const counted = tokensByType(usage)
  for (const type of tokenTypes) types[type].value += counted[type]
}

/** Never negative: the parts of a duration are measured apart. */
function seconds(durationMs: number): number {
  return durationMs > 0 ? durationMs / 1000 : 0
}
