import type { Span } from './spans.ts'

/** Posts one body of JSON. Resolves with the status; rejects where nothing was answered in time. */
export type PostJson = (url: string, body: string, signal: AbortSignal) => Promise<number>

export interface ExporterOptions {
  /** `telemetry.otlp_endpoint`: spans go to `/v1/traces` below it (OTLP/HTTP). */
  readonly endpoint: string
  readonly post: PostJson
  readonly version: string
  /** Told of the first failure after a success, and how many spans were let go since. */
  readonly onFailure: (detail: { readonly error: unknown; readonly dropped: number }) => void
  /** Ends a pause; for tests. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Exporter {
  /** Takes spans; returns at once. */
  add(spans: readonly Span[]): void
  /** Sends what waits, for at most `deadlineMs`, and stops. */
  close(deadlineMs: number): Promise<void>
}

const SEND_EVERY_MS = 2_000
const POST_MS = 10_000
const LARGEST_BATCH = 512
/** What waits for a collector that is away; beyond it spans are let go, oldest first. */
const MOST_WAITING = 8_192

/** Sends spans in the background, in batches. A collector that fails costs spans, never a request. */
export function createExporter({
  endpoint,
  post,
  version,
  onFailure,
  pause = wait,
}: ExporterOptions): Exporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const stop = new AbortController()
  let waiting: Span[] = []
  let dropped = 0
  let isFailing = false

  async function send(signal: AbortSignal): Promise<boolean> {
    const batch = waiting.slice(0, LARGEST_BATCH)
    waiting = waiting.slice(LARGEST_BATCH)
    try {
      const status = await post(url, JSON.stringify(exportOf(batch, version)), signal)
      const isRefused = status >= 300 && status < 500 && status !== 429
      if (status >= 300 && !isRefused) throw new Error(`the collector answered ${status}`)
      // What it refuses it would refuse again.
      if (isRefused) fail(new Error(`the collector answered ${status}`), batch.length)
      else isFailing = false
      return true
    } catch (error) {
      waiting = [...batch, ...waiting]
      fail(error, keepNewest())
      return false
    }
  }

  function fail(error: unknown, lost: number): void {
    dropped += lost
    if (!isFailing) onFailure({ error, dropped })
    isFailing = true
    dropped = 0
  }

  /** Lets go of the oldest beyond the bound; answers how many. */
  function keepNewest(): number {
    const over = Math.max(0, waiting.length - MOST_WAITING)
    waiting = waiting.slice(over)
    return over
  }

  async function sendAll(signal: AbortSignal): Promise<void> {
    while (waiting.length > 0 && !signal.aborted) {
      if (!(await send(AbortSignal.any([signal, AbortSignal.timeout(POST_MS)])))) return
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await pause(SEND_EVERY_MS, stop.signal)
      if (!stop.signal.aborted) await sendAll(stop.signal)
    }
  }
  const running = run()

  return {
    add(spans) {
      waiting.push(...spans)
      dropped += keepNewest()
    },
    async close(deadlineMs) {
      stop.abort()
      await running
      await sendAll(AbortSignal.timeout(deadlineMs))
    },
  }
}

function exportOf(spans: readonly Span[], version: string) {
  const resource = [
    { key: 'service.name', value: { stringValue: 'modelgate' } },
    { key: 'service.version', value: { stringValue: version } },
  ]
  return {
    resourceSpans: [
      { resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'modelgate', version }, spans }] },
    ],
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms).unref()
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
