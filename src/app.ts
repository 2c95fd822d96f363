import type { Access } from './app/access.ts'
import { createControlPlane } from './app/control-plane.ts'
import type { Listener } from './app/listener.ts'
import { createListeners } from './app/listeners.ts'
import { observe } from './app/observe.ts'
import { createPagesApp } from './app/pages.ts'
import { createParts } from './app/parts.ts'
import { createTraces } from './app/traces.ts'
import type { Membership, Vitals } from './app/workers/membership.ts'
import type { Config } from './config.ts'
import { type Clock, systemClock } from './core/clock.ts'
import type { Provider } from './core/provider.ts'
import type { RequestRecord } from './core/record.ts'
import { createGate, type Gate } from './proxy/gate.ts'
import { createMakeId } from './proxy/make-id.ts'
import { createRemoteAddress } from './proxy/remote-address.ts'
import { createProxy } from './proxy/routes.ts'
import type { Registry } from './registry/snapshot.ts'
import { type Batches, inBatches } from './telemetry/in-batches.ts'
import type { Log } from './telemetry/log.ts'
import type { Metrics } from './telemetry/metrics.ts'
import { createPages } from './telemetry/pages.ts'
import { createRecorder } from './telemetry/recorder.ts'

export interface AppOptions {
  readonly config: Config
  readonly providers: ReadonlyMap<string, Provider>
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
  /** null: this process is all there is. */
  readonly membership?: Pick<Membership, 'place' | 'vitals' | 'close'> | null
}

export interface App {
  /**
   * Listens, once the state was asked for; whether it answered is readiness's to tell. Rejects where a port is taken, or
   * the state is sealed under another master key. Answers the data plane's listener.
   */
  start(): Promise<Listener>
  /** What a changed configuration may change: models, credentials, teams, routes, issuers, certificates. */
  reload(config: Config): void
  /** SIGTERM as in design §9; resolves when nothing is left to wait for. `isAlone`: whoever comes next wants the ports. */
  drain(isAlone?: boolean): Promise<void>
  readonly gatewayKey: Access['gatewayKey']
  readonly registry: Registry
}

const keepAliveMs = 15_000
/** For refusals that are being written when the last request ends. */
const lastAnswersMs = 500

/** Constructs and wires everything; the only place that does. Throws where state cannot be opened. */
export function createApp(options: AppOptions): App {
  const { config, providers, log, version, clock = systemClock, membership = null } = options
  // Members on one machine have one data_dir: a file is written by one of them.
  const isKeeper = membership === null || membership.place === 0
  const parts = createParts({ config, providers, log, version, clock, isKeeper })
  const { metrics, outbound, store, access, part, pooling, health } = parts
  const { registry, sync } = part
  const { router } = pooling
  const isReady = () => sync.status().kind !== 'starting'
  const gate = createGate({ maxInflight: config.limits.max_inflight, isReady })
  observe({ metrics, part, router, gate, evidence: health.evidence, store, clock })
  const { otlp_endpoint: endpoint } = config.telemetry
  const traces = endpoint && createTraces({ endpoint, fetchText: outbound.fetchText, log, version })
  const recorder = createRecorder({ metrics, log })
  const records = inBatches((record: RequestRecord) => {
    recorder(record)
    if (traces) traces.record(record)
  })
  const remoteAddress = createRemoteAddress(config.listen.trusted_proxies)
  const { authenticate, gatewayKey } = access
  const proxy = createProxy({
    registry,
    authenticate,
    router,
    providers,
    transport: outbound.transport,
    sign: outbound.sign,
    withoutSecrets: outbound.withoutSecrets,
    fetchAsset: outbound.fetchAsset,
    record: records.add,
    trace: traces ? traces.begin : null,
    onFault: (error, requestId) =>
      log.error('a request failed within the gateway', { request_id: requestId, error }),
    gate,
    clock,
    makeId: createMakeId(),
    deadlines: deadlinesOf(config),
    limits: { maxBodyBytes: config.limits.max_body_bytes, keepAliveMs },
    corsOrigins: config.listen.cors_origins,
    remoteAddress,
  })
  const shared = { config, part, health, router, providers, authenticate, gatewayKey, log, version, clock }
  const admin = config.admin.enabled ? createControlPlane({ ...shared, remoteAddress }) : null
  const own = vitalsOf({ metrics, records, gate, isReady })
  const pages = createPagesApp(pagesOf(membership?.vitals(own) ?? own, metrics, log))
  const listeners = createListeners({ config, proxy, pages, admin })

  return {
    gatewayKey,
    registry,
    async start() {
      await parts.start()
      return listeners.start()
    },
    reload(next) {
      access.reload(next)
      part.reload(next)
      if (next.certificate !== null) listeners.replaceTls(next.certificate)
    },
    async drain(isAlone = false) {
      if (isAlone) listeners.stopListening()
      const { grace_seconds, timeout_seconds } = config.drain
      log.info('draining', { inflight: gate.inflight })
      metrics.draining(true)
      gate.prepareToClose()
      await Promise.all([health.prober.close(), pause(grace_seconds * 1000)])
      gate.close(1000)
      const all = await gate.empty(timeout_seconds * 1000)
      if (!all) log.warn('requests were broken off', { inflight: gate.inflight })
      await listeners.close(all ? lastAnswersMs : 0)
      records.drain()
      if (traces) await traces.stop()
      await parts.stop()
      await membership?.close()
      metrics.close()
      log.info('stopped')
    },
  }
}

function deadlinesOf({ upstream }: Config) {
  return {
    connectMs: upstream.connect_timeout_ms,
    firstEventMs: upstream.first_event_timeout_ms,
    idleMs: upstream.idle_timeout_ms,
    totalMs: upstream.total_timeout_ms,
  }
}

interface VitalParts {
  readonly metrics: Metrics
  readonly records: Batches<RequestRecord>
  readonly gate: Gate
  readonly isReady: () => boolean
}

function vitalsOf({ metrics, records, gate, isReady }: VitalParts): Vitals {
  return {
    async render() {
      records.drain()
      return metrics.render()
    },
    ready() {
      const reasons = [
        ...(gate.closing ? ['draining'] : []),
        ...(isReady() ? [] : ['the registry has not been read yet']),
      ]
      return { ready: reasons.length === 0, reasons }
    },
  }
}

function pagesOf({ render, ready }: Vitals, { contentType }: Metrics, log: Log) {
  return createPages({
    metrics: { render, contentType },
    ready,
    onFault: (error) => log.error('a page could not be made', { error }),
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
