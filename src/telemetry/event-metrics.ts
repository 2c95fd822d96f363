import { Counter, Gauge, type Registry } from 'prom-client'
import { failureReasons, type FailureReason } from '../core/failure.ts'
import { clip } from './labels.ts'

/** What happens beside the requests. Words given as `string` must come from a fixed table, never from outside. */
export interface EventMetrics {
  /** A connection was taken out for a while. */
  cooldown(reason: FailureReason): void
  /** A probe has ended; `refused`: the upstream answered that it will not have the question. */
  healthCheck(result: 'success' | 'refused' | FailureReason): void
  /** A caller was refused. */
  authFailure(reason: string): void
  /** A credential was exchanged for a token (`kind`: with whom) at an identity provider. */
  tokenExchange(kind: string, result: string): void
  /** An issuer's keys were fetched. */
  jwksRefresh(issuer: string, result: string): void
  draining(isDraining: boolean): void
  /** Not called without Redis: the metric is then absent, since 0 would be an alarm. */
  redisUp(isUp: boolean): void
}

export function createEventMetrics(registry: Registry): EventMetrics {
  const counter = <Name extends string>(name: string, help: string, labelNames: Name[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const cooldowns = counter('modelgate_cooldowns_total', 'Cooldowns begun, by their reason.', ['reason'])
  const healthChecks = counter('modelgate_health_checks_total', 'Probes ended, by what they found.', [
    'result',
  ])
  const authFailures = counter('modelgate_auth_failures_total', 'Callers refused, by the reason.', ['reason'])
  const exchanges = counter(
    'modelgate_token_exchanges_total',
    'Credentials exchanged for tokens at identity providers.',
    ['kind', 'result'],
  )
  const refreshes = counter('modelgate_jwks_refreshes_total', 'Fetches of the keys of an issuer.', [
    'issuer',
    'result',
  ])
  const draining = new Gauge({
    name: 'modelgate_draining',
    help: '1 from the signal to end until the end.',
    registers: [registry],
  })
  let redis: Gauge | null = null
  // At 0 from the start, so that the first of its kind shows as an increase.
  healthChecks.inc({ result: 'success' }, 0)
  healthChecks.inc({ result: 'refused' }, 0)
  for (const reason of failureReasons) {
    cooldowns.inc({ reason }, 0)
    healthChecks.inc({ result: reason }, 0)
  }

  return {
    cooldown: (reason) => cooldowns.inc({ reason }),
    healthCheck: (result) => healthChecks.inc({ result }),
    authFailure: (reason) => authFailures.inc({ reason: clip(reason) }),
    tokenExchange: (kind, result) => exchanges.inc({ kind: clip(kind), result: clip(result) }),
    jwksRefresh: (issuer, result) => refreshes.inc({ issuer: clip(issuer), result: clip(result) }),
    draining: (isDraining) => draining.set(Number(isDraining)),
    redisUp: (isUp) => {
      redis ??= new Gauge({
        name: 'modelgate_redis_up',
        help: '1 while Redis answers.',
        registers: [registry],
      })
      redis.set(Number(isUp))
    },
  }
}
