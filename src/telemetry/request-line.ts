import type { AttemptRecord, RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { mostPlaces } from './labels.ts'
import { createMemo } from './memo.ts'
import { scrub } from './scrub.ts'

/** A team's name may stand in tokens alone. */
const mostCallers = 10_000

/**
 * Prints what the log tells of a request (design §10), as the members of a JSON object: `"request_id":"…",…`.
 * Durations are ms. Words from outside are scrubbed. It is `JSON.stringify` of the same members at less cost, since most
 * of the text is the same for all requests of a team, or to a connection.
 */
export function createRequestLine(): (record: RequestRecord) => string {
  const asked = createMemo<string>(mostCallers)
  const callers = createMemo<string>(mostCallers)
  const places = createMemo<string>(mostPlaces)

  function askedText({ operation, method, path }: RequestRecord): string {
    return asked.of([operation, method, path], () =>
      whole(`"operation":"${operation}","method":${quoted(method)},"path":${quoted(path)}`),
    )
  }

  function callerText({ issuer, team }: RequestRecord): string {
    return callers.of([issuer, team], () => whole(`"issuer":${quoted(issuer)},"team":${quoted(team)}`))
  }

  function placeText({ model, provider, connection }: RequestRecord | AttemptRecord): string {
    return places.of([model, provider, connection], () =>
      whole(`"model":${quoted(model)},"provider":${quoted(provider)},"connection":${quoted(connection)}`),
    )
  }

  function attemptText(attempt: AttemptRecord): string {
    const { outcome, durationMs } = attempt
    return `{${placeText(attempt)},"outcome":"${outcome}","duration_ms":${milliseconds(durationMs)}}`
  }

  return (record) => {
    const { usage, firstTokenMs, subject, upstreamRequestId } = record
    return (
      `"request_id":${record.isOwnId ? `"${record.requestId}"` : scrubbed(record.requestId)},` +
      `${askedText(record)},"principal":${subject === null ? 'null' : scrubbed(subject)},` +
      `${callerText(record)},${placeText(record)},"stream":${record.stream},` +
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

/** In one piece: what is put together V8 keeps as a tree, which each line would walk. */
function whole(text: string): string {
  return Buffer.from(text).toString()
}

function quoted(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text)
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
