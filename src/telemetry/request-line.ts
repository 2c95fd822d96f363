import type { AttemptRecord, RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { scrub } from './scrub.ts'

/** Names that recur, as they stand in JSON; more than these are no names of the configuration's. */
const maxQuoted = 1000

/**
 * Prints what the log tells of a request (design §10), as the members of a JSON object: `"request_id":"…",…`.
 * Durations are ms. Words from outside are scrubbed. It is `JSON.stringify` of the same members in half the time, since
 * the names in them are the same few on every line.
 */
export function createRequestLine(): (record: RequestRecord) => string {
  const known = new Map<string, string>()

  function quoted(text: string | null): string {
    if (text === null) return 'null'
    const found = known.get(text)
    if (found !== undefined) return found
    const made = JSON.stringify(text)
    if (known.size >= maxQuoted) known.clear()
    known.set(text, made)
    return made
  }

  function attemptText({ model, provider, connection, outcome, durationMs }: AttemptRecord): string {
    return (
      `{"model":${quoted(model)},"provider":${quoted(provider)},"connection":${quoted(connection)},` +
      `"outcome":"${outcome}","duration_ms":${milliseconds(durationMs)}}`
    )
  }

  return (record) => {
    const { usage, firstTokenMs, subject, upstreamRequestId } = record
    return (
      `"request_id":${record.isOwnId ? `"${record.requestId}"` : scrubbed(record.requestId)},` +
      `"operation":"${record.operation}",` +
      `"method":${quoted(record.method)},"path":${quoted(record.path)},` +
      `"principal":${subject === null ? 'null' : scrubbed(subject)},"issuer":${quoted(record.issuer)},` +
      `"team":${quoted(record.team)},"model":${quoted(record.model)},"provider":${quoted(record.provider)},` +
      `"connection":${quoted(record.connection)},"stream":${record.stream},` +
      `"attempts":[${record.attempts.map(attemptText).join(',')}],"status":${record.status},` +
      `"outcome":"${record.outcome}","error_code":${quoted(record.errorCode)},` +
      `"timings":{"total_ms":${milliseconds(record.durationMs)},"auth_ms":${milliseconds(record.authMs)},` +
      `"upstream_ms":${milliseconds(record.upstreamMs)},` +
      `"first_token_ms":${firstTokenMs === null ? 'null' : milliseconds(firstTokenMs)}},` +
      `"usage":${usage === null ? 'null' : usageText(usage)},` +
      `"upstream_request_id":${upstreamRequestId === null ? 'null' : scrubbed(upstreamRequestId)}`
    )
  }
}

function scrubbed(text: string): string {
  return JSON.stringify(scrub(text))
}

/** As OpenAI counts: cached tokens are part of the input, reasoning is part of the output. */
function usageText({ input, cachedInput, cacheWrite, output, reasoning }: Usage): string {
  return (
    `{"input":${number(input)},"cached_input":${number(cachedInput)},"cache_write":${number(cacheWrite)},` +
    `"output":${number(output)},"reasoning":${number(reasoning)}}`
  )
}

/** To the microsecond. */
function milliseconds(durationMs: number): number | null {
  return number(Math.round(durationMs * 1000) / 1000)
}

/** JSON has no words for what is none. */
function number(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
