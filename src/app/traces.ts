import type { RequestRecord, TraceContext } from '../core/record.ts'
import type { Log } from '../telemetry/log.ts'
import { createExporter } from '../telemetry/traces/exporter.ts'
import { spansOf } from '../telemetry/traces/spans.ts'
import { traceContext } from '../telemetry/traces/trace-context.ts'
import type { FetchText } from '../upstream/fetch-text.ts'

export interface Traces {
  readonly begin: (traceparent: string | undefined) => TraceContext
  readonly record: (record: RequestRecord) => void
  /** Sends what is left. */
  stop(): Promise<void>
}

export interface TracesOptions {
  readonly endpoint: string
  readonly fetchText: FetchText
  readonly log: Log
  readonly version: string
}

const stopMs = 3_000

/** OTLP traces over HTTP, to where the operator says. */
export function createTraces({ endpoint, fetchText, log, version }: TracesOptions): Traces {
  const exporter = createExporter({
    endpoint,
    version,
    async post(url, body, signal) {
      const headers = { 'content-type': 'application/json' }
      const { status } = await fetchText(
        { method: 'POST', url, headers, body },
        { egress: 'operator', signal },
      )
      return status
    },
    onFailure: ({ error, dropped }) => log.warn('traces were not taken by the collector', { error, dropped }),
  })
  return {
    begin: traceContext,
    record: (record) => exporter.add(spansOf(record)),
    stop: () => exporter.close(stopMs),
  }
}
