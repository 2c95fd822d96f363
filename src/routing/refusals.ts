import type { Connection, Model } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { SwitchedOff } from './plan.ts'

/** Why a request gets no connection, in the words of the error table (design §4). Hosts and keys are never named. */

export function connectionNotFound(model: Model, name: string): GatewayError {
  return new GatewayError(
    'connection_not_found',
    `The model \`${model.name}\` has no connection named \`${name}\`.`,
    { param: 'model' },
  )
}

export function connectionDisabled(connection: Connection, why: SwitchedOff): GatewayError {
  const because = why === 'inactive_credential' ? 'its credential is inactive' : 'it is switched off'
  return new GatewayError(
    'connection_disabled',
    `The connection \`${connection.name}\` of \`${connection.model}\` takes no requests: ${because}.`,
  )
}

export function connectionUnhealthy(connection: Connection, waitMs: number): GatewayError {
  const retryAfterMs = wholeMs(waitMs)
  return new GatewayError(
    'no_healthy_connection',
    `The connection \`${connection.name}\` of \`${connection.model}\` is out of service; it is tried again in ${seconds(retryAfterMs)}.`,
    { retryAfterMs },
  )
}

export function noEnabledConnection(model: Model): GatewayError {
  return new GatewayError(
    'no_enabled_connection',
    `Every connection of the model \`${model.name}\` is switched off.`,
  )
}

export function noHealthyConnection(model: Model, waitMs: number): GatewayError {
  const retryAfterMs = wholeMs(waitMs)
  return new GatewayError(
    'no_healthy_connection',
    `No connection of the model \`${model.name}\` is healthy; the first is tried again in ${seconds(retryAfterMs)}.`,
    { retryAfterMs },
  )
}

export function rateLimited(model: Model, waitMs: number): GatewayError {
  const retryAfterMs = wholeMs(waitMs)
  return new GatewayError(
    'rate_limit_exceeded',
    `Every connection of the model \`${model.name}\` is at its provider's limit; the first is free in ${seconds(retryAfterMs)}.`,
    { retryAfterMs },
  )
}

function wholeMs(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs))
}

function seconds(waitMs: number): string {
  return `${Math.ceil(waitMs / 1_000)} s`
}
