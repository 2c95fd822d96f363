import type { Registry } from 'prom-client'
import type { RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { durationBuckets, firstTokenBuckets, overheadBuckets } from './buckets.ts'
import type { LabelBounds, Place } from './labels.ts'
import {
  createDistribution,
  createSeriesMap,
  expose,
  type Distribution,
  type Labels,
  type SeriesMap,
} from './series.ts'
import { tokensByType, tokenTypes, type TokenType } from './token-types.ts'

interface Count {
  readonly labels: Labels
  value: number
}

interface Latency {
  readonly labels: Labels
  readonly duration: Distribution
  readonly firstToken: Distribution
  readonly overhead: Distribution
}

interface Tokens {
  readonly labels: Labels
  readonly types: Readonly<Record<TokenType, Count>>
}

export interface RequestMetrics {
  /** Counts one finished request and its attempts. Does not throw. */
  observe(record: RequestRecord): void
  /** Drops the series for which `keeps` is false. */
  retain(keeps: (labels: Labels) => boolean): void
}

/** The metrics that every request adds to (design §10). Model, provider, connection and team are bounded by `bounds`. */
export function createRequestMetrics(registry: Registry, bounds: LabelBounds): RequestMetrics {
  const requests = createSeriesMap<Count>()
  const latencies = createSeriesMap<Latency>()
  const tokens = createSeriesMap<Tokens>()
  const attempts = createSeriesMap<Count>()
  exposeCount(registry, 'modelgate_requests_total', 'Requests finished, by the status sent.', requests)
  exposeLatencies(registry, latencies)
  expose(registry, {
    name: 'modelgate_tokens_total',
    help:
      'Tokens, as providers stated them. The types do not overlap, their sum is all tokens: ' +
      'input without what was read from a cache, cached_input, output without reasoning, reasoning.',
    type: 'counter',
    samples: () => Array.from(tokens.all(), ({ types }) => Object.values(types)).flat(),
  })
  exposeCount(
    registry,
    'modelgate_upstream_attempts_total',
    'Attempts on connections, by what came of them.',
    attempts,
  )

  function observe(record: RequestRecord): void {
    const place = bounds.place(record)
    const team = bounds.team(record.team)
    const status = String(record.status)
    const { operation, usage } = record
    const key = `${place.model}\0${place.provider}\0${place.connection}`
    requests.of(`${operation}\0${key}\0${team}\0${status}`, () =>
      countOf({ operation, ...place, team, status }),
    ).value++
    observeLatency(
      latencies.of(`${operation}\0${key}`, () => latencyOf({ operation, ...place })),
      record,
    )
    if (usage !== null) {
      addTokens(
        tokens.of(`${key}\0${team}`, () => tokensOf({ ...place, team })),
        usage,
      )
    }
    for (const { model = record.model, provider, connection, outcome } of record.attempts) {
      const tried = bounds.place({ model, provider, connection })
      attempts.of(`${tried.model}\0${tried.provider}\0${tried.connection}\0${outcome}`, () =>
        countOf({ ...tried, outcome }),
      ).value++
    }
  }

  function retain(keeps: (labels: Labels) => boolean): void {
    for (const series of [requests, latencies, tokens, attempts]) series.retain(keeps)
  }

  return { observe, retain }
}

function exposeCount(registry: Registry, name: string, help: string, series: SeriesMap<Count>): void {
  const samples = () => Array.from(series.all(), ({ labels, value }) => ({ labels: {}, sharedLabels: labels, value }))
  expose(registry, { name, help, type: 'counter', samples })
}

function exposeLatencies(registry: Registry, latencies: SeriesMap<Latency>): void {
  const exposeOne = (name: string, help: string, pick: (latency: Latency) => Distribution) => {
    const samples = () =>
      Array.from(latencies.all()).flatMap((latency) => {
        const distribution = pick(latency)
        return distribution.count === 0 ? [] : distribution.samples(name, latency.labels)
      })
    expose(registry, { name, help, type: 'histogram', samples })
  }
  exposeOne(
    'modelgate_request_duration_seconds',
    'From a request’s arrival to the last byte of its answer.',
    ({ duration }) => duration,
  )
  exposeOne(
    'modelgate_time_to_first_token_seconds',
    'Streams: from the arrival of the request to the first content of the answer.',
    ({ firstToken }) => firstToken,
  )
  exposeOne(
    'modelgate_overhead_seconds',
    'The part of a request’s duration that was not spent waiting for the upstream.',
    ({ overhead }) => overhead,
  )
}

function observeLatency({ duration, firstToken, overhead }: Latency, record: RequestRecord): void {
  duration.observe(seconds(record.durationMs))
  overhead.observe(seconds(record.durationMs - record.upstreamMs))
  if (record.stream && record.firstTokenMs !== null) firstToken.observe(seconds(record.firstTokenMs))
}

function addTokens({ types }: Tokens, usage: Usage): void {
  const counted = tokensByType(usage)
  for (const type of tokenTypes) types[type].value += counted[type]
}

function countOf(labels: Labels): Count {
  return { labels, value: 0 }
}

function latencyOf(labels: Labels): Latency {
  return {
    labels,
    duration: createDistribution(durationBuckets),
    firstToken: createDistribution(firstTokenBuckets),
    overhead: createDistribution(overheadBuckets),
  }
}

function tokensOf(labels: Labels): Tokens {
  const count = (type: TokenType) => countOf({ ...labels, type })
  return {
    labels,
    types: {
      input: count('input'),
      cached_input: count('cached_input'),
      output: count('output'),
      reasoning: count('reasoning'),
    },
  }
}

/** Never negative: the parts of a duration are measured apart. */
function seconds(durationMs: number): number {
  return durationMs > 0 ? durationMs / 1000 : 0
}
