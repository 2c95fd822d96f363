import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Authenticator } from '../access/authenticate.ts'
import type { GatewayKey } from '../access/gateway-key.ts'
import { createAdmin } from '../admin/admin-app.ts'
import { adminEndpoints } from '../admin/endpoints.ts'
import { noteRefusal } from '../admin/note-refusal.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Provider } from '../core/provider.ts'
import type { Router } from '../routing/router.ts'
import type { Log } from '../telemetry/log.ts'
import { createEgressGuard } from '../upstream/egress-guard.ts'
import type { HealthPart } from './health.ts'
import type { RegistryPart } from './registry.ts'

export interface ControlPlaneOptions {
  readonly config: Config
  readonly part: RegistryPart
  readonly health: HealthPart
  readonly router: Router
  readonly providers: ReadonlyMap<string, Provider>
  readonly authenticate: Authenticator
  readonly gatewayKey: GatewayKey
  readonly remoteAddress: (incoming: IncomingMessage) => string
  readonly log: Log
  readonly version: string
  readonly clock: Clock
}

export function createControlPlane(options: ControlPlaneOptions): ReturnType<typeof createAdmin> {
  const { config, part, health, router, providers, authenticate, gatewayKey, remoteAddress, log } = options
  const { registry, sync, secrets, editor, audit } = part
  const { asker, evidence, prober, validate } = health
  const { allow_networks: allowNetworks, allow_http: allowHttp } = config.upstream
  const guard = createEgressGuard({ allowNetworks, allowHttp })
  const snapshot = () => registry.current()
  const endpoints = adminEndpoints({
    snapshot,
    state: () => sync.state(),
    editor,
    audit,
    secrets,
    providers,
    clock: options.clock,
    issueKey: (key) => gatewayKey.issue(key),
    addressFault: (url) => guard.checkUrl(url, 'guarded')?.message ?? null,
    allowHttp,
    revealAllowed: config.credentials_policy.reveal,
    rotationDays: config.credentials_policy.rotation_days,
    credentialError: (id) => {
      const credential = snapshot().credential(id)
      if (credential === undefined) return null
      const { status, message } = evidence.credential(credential)
      return status === 'error' ? (message ?? 'It was refused.') : null
    },
    status: (connection) => router.status(connection),
    modelHealth: (model) => ({
      ...evidence.model(model),
      lastUsed: model.connections.reduce<number | null>((newest, connection) => {
        const { lastSuccess } = evidence.connection(connection)
        return lastSuccess === null ? newest : Math.max(newest ?? 0, lastSuccess)
      }, null),
    }),
    explain: (model) => router.explain(model),
    validate,
    evidence,
    prober,
    asker,
  })
  return createAdmin({
    endpoints,
    authenticate,
    remoteAddress,
    version: options.version,
    makeId: () => `req_${randomUUID().replaceAll('-', '')}`,
    onFault: (error, requestId) =>
      log.error('a request of the control plane failed within the gateway', { request_id: requestId, error }),
    onRefused: (refused) =>
      noteRefusal(refused, audit, (error) => log.warn('a refusal was not audited', { error })),
  })
}
