import { randomUUID } from 'node:crypto'
import { type Access, createAccess } from './app/access.ts'
import type { Listener } from './app/listener.ts'
import { createListeners } from './app/listeners.ts'
import { observe } from './app/observe.ts'
import { createOutbound } from './app/outbound.ts'
import { createPagesApp } from './app/pages.ts'
import type { Config } from './config.ts'
import { type Clock, systemClock } from './core/clock.ts'
import type { Provider } from './core/provider.ts'
import type { RequestRecord } from './core/record.ts'
import { createGate, type Gate } from './proxy/gate.ts'
import { createRemoteAddress } from './proxy/remote-address.ts'
import { createProxy } from './proxy/routes.ts'
import { loadMasterKeys } from './registry/master-key.ts'
import { buildSnapshot, createRegistry, type Registry } from './registry/snapshot.ts'
import { createVault } from './registry/vault.ts'
import { createMemoryPool } from './routing/pool.ts'
import { createRouter, type Router } from './routing/router.ts'
import { createEmbeddedStore } from './store/embedded/embedded.ts'
import { type Batches, inBatches } from './telemetry/in-batches.ts'
import type { Log } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { createPages } from './telemetry/pages.ts'
import { createRecorder } from './telemetry/recorder.ts'

export interface AppOptions {
  readonly config: Config
  readonly providers: ReadonlyMap<string, Provider>
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
}

export interface App {
  /** Rejects where a port is taken. Answers the data plane's listener. */
  start(): Promise<Listener>
  /** What a changed configuration may change: models, credentials, teams, routes, issuers, certificates. */
  reload(config: Config): void
  /** SIGTERM as in design §9; resolves when nothing is left to wait for. */
  drain(): Promise<void>
  readonly gatewayKey: Access['gatewayKey']
  readonly registry: Registry
}

const keepAliveMs = 15_000
/** For refusals that are being written when the last request ends. */
const lastAnswersMs = 500

/** Constructs and wires everything; the only place that does. Throws where state cannot be opened. */
export function createApp({ config, providers, log, version, clock = systemClock }: AppOptions): App {
  const metrics = createMetrics({ version })
  const outbound = createOutbound({ config, clock, metrics })
  const store = createEmbeddedStore({ dataDir: config.state.data_dir })
  const vault = createVault({
    keys: config.master_keys ?? loadMasterKeys({ dataDir: config.state.data_dir }),
  })
  const access = createAccess({
    config,
    blobs: store.blobs,
    vault,
    fetchText: outbound.fetchText,
    metrics,
    log,
    clock,
  })
  const versionKey = vault.deriveKey('credential-version')
  const created = Math.floor(clock.now() / 1000)
  const snapshotOf = (file: Config) => buildSnapshot({ file, providers, versionKey, created })
  const registry = createRegistry({ snapshot: snapshotOf(config) })
  const router = createRouting({ config, registry, clock })
  const gate = createGate({ maxInflight: config.limits.max_inflight })
  observe({ metrics, registry, router, gate })
  const records = inBatches(createRecorder({ metrics, log }))
  const proxy = createProxy({
    registry,
    authenticate: access.authenticate,
    router,
    providers,
    transport: outbound.transport,
    sign: outbound.sign,
    fetchAsset: outbound.fetchAsset,
    record: records.add,
    onFault: (error, requestId) =>
      log.error('a request failed within the gateway', { request_id: requestId, error }),
    gate,
    clock,
    makeId: randomUUID,
    limits: {
      maxBodyBytes: config.limits.max_body_bytes,
      deadlines: deadlinesOf(config),
      keepAliveMs,
    },
    corsOrigins: config.listen.cors_origins,
    remoteAddress: createRemoteAddress(config.listen.trusted_proxies),
  })
  const listeners = createListeners({
    config,
    proxy,
    pages: createPagesApp(pagesOf({ metrics, log, records, gate })),
  })

  return {
    gatewayKey: access.gatewayKey,
    registry,
    start: listeners.start,
    reload(next) {
      access.reload(next)
      registry.replace(snapshotOf(next))
      if (next.certificate !== null) listeners.replaceTls(next.certificate)
    },
    async drain() {
      const { grace_seconds, timeout_seconds } = config.drain
      log.info('draining', { inflight: gate.inflight })
      metrics.draining(true)
      gate.prepareToClose()
      await pause(grace_seconds * 1000)
      gate.close(1000)
      const all = await gate.empty(timeout_seconds * 1000)
      if (!all) log.warn('requests were broken off', { inflight: gate.inflight })
      await listeners.close(all ? lastAnswersMs : 0)
      await outbound.destroy()
      await Promise.all([...providers.values()].map(async (provider) => provider.close?.()))
      await store.close()
      records.drain()
      metrics.close()
      log.info('stopped')
    },
  }
}

function createRouting({
  config,
  registry,
  clock,
}: {
  config: Config
  registry: Registry
  clock: Clock
}): Router {
  const { cooldown, upstream } = config
  const pool = createMemoryPool({
    clock,
    trialMs: upstream.total_timeout_ms,
    settings: {
      baseSeconds: cooldown.base_seconds,
      rateLimitSeconds: cooldown.rate_limit_seconds,
      maxSeconds: cooldown.max_seconds,
      failures: cooldown.failures,
      failureRatio: cooldown.failure_ratio,
      minRequests: cooldown.min_requests,
      windowSeconds: cooldown.window_seconds,
    },
  })
  registry.onChange((snapshot) => pool.retain(snapshot.models().flatMap(({ connections }) => connections)))
  return createRouter({
    pool,
    clock,
    retry: { maxAttempts: upstream.max_attempts, retryTimeouts: upstream.retry_timeouts },
  })
}

function deadlinesOf({ upstream }: Config) {
  return {
    connectMs: upstream.connect_timeout_ms,
    firstEventMs: upstream.first_event_timeout_ms,
    idleMs: upstream.idle_timeout_ms,
    totalMs: upstream.total_timeout_ms,
  }
}

interface PagesParts {
  readonly metrics: Metrics
  readonly log: Log
  readonly records: Batches<RequestRecord>
  readonly gate: Gate
}

function pagesOf({ metrics, log, records, gate }: PagesParts) {
  const render = () => {
    records.drain()
    return metrics.render()
  }
  return createPages({
    metrics: { render, contentType: metrics.contentType },
    ready: () => (gate.closing ? { ready: false, reasons: ['draining'] } : { ready: true, reasons: [] }),
    onFault: (error) => log.error('a page could not be made', { error }),
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
