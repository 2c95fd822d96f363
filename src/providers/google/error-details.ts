import { asObject, asText, type JsonObject } from '../shared/json.ts'

/** Of one of `error.details`, what is read here (providers' facts §8.6). */
export interface Detail {
  /** `ErrorInfo.reason` */
  readonly reason: string | null
  /** `RetryInfo.retryDelay` */
  readonly retryDelay: unknown
  /** `QuotaFailure.violations` */
  readonly violations: readonly JsonObject[]
}

/** Google's error details; a detail is known by what it holds, its type being a URL that differs by API. Total. */
export function details(error: JsonObject | null): Detail[] {
  return objects(error?.['details']).map((detail) => ({
    reason: asText(detail['reason']),
    retryDelay: detail['retryDelay'],
    violations: objects(detail['violations']),
  }))
}

/** Which quotas were used up, by `quotaId`, or by `quotaMetric` where there is none. */
export function quotaIds(told: readonly Detail[]): string[] {
  return told
    .flatMap(({ violations }) => violations)
    .map((violation) => asText(violation['quotaId']) ?? asText(violation['quotaMetric']))
    .filter((id) => id !== null)
}

/** How long Google asks to wait, ms: by its RetryInfo, else by its words ("Please retry in 12.5s"). */
export function retryDelayMs(told: readonly Detail[], message: string): number | undefined {
  for (const { retryDelay } of told) {
    const ms = durationMs(retryDelay)
    if (ms !== undefined) return ms
  }
  return durationMs(/please retry in ([0-9hms.]{2,40})/i.exec(message)?.[1]?.replace(/\.$/, ''))
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** `34.07s`, `900ms`, `1h2m3.5s`, or protobuf's object of seconds and nanos. */
function durationMs(value: unknown): number | undefined {
  const parts = asObject(value)
  if (parts !== null) {
    const seconds = Number(parts['seconds'] ?? 0) + Number(parts['nanos'] ?? 0) / 1e9
    return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined
  }
  if (typeof value !== 'string' || !/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[hms])){1,4}$/.test(value))
    return undefined
  let ms = 0
  for (const [, amount, unit] of value.matchAll(/([\d.]+)(ms|[hms])/g)) {
    ms += Number(amount) * (units[unit ?? ''] ?? 0)
  }
  return Math.ceil(ms)
}

function objects(value: unknown): JsonObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list.map(asObject).filter((item) => item !== null)
}
