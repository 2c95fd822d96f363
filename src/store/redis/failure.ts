import type { Secret } from '../../core/secret.ts'

/** What went wrong between us and Redis. It tells nothing of what was sent. */
export class RedisFailure extends Error {
  /** Redis's own code (`NOSCRIPT`, `MOVED`, …); null where it did not answer. */
  readonly code: string | null

  constructor(message: string, code: string | null = null) {
    super(message)
    this.name = 'RedisFailure'
    this.code = code
  }
}

/** Servers quote what they do not understand, a password included; the client's errors carry whole commands. */
export function createDescribe(password: Secret | null): (error: unknown) => RedisFailure {
  return function describe(error) {
    if (error instanceof RedisFailure) return error
    const secret = password?.reveal() ?? ''
    const whole = error instanceof Error ? messageOf(error) : String(error)
    const message = secret === '' ? whole : whole.replaceAll(secret, '[secret]')
    const isReply = error instanceof Error && error.name === 'ReplyError'
    return new RedisFailure(message, isReply ? (/^[A-Z]+/.exec(message)?.[0] ?? null) : null)
  }
}

/** Where several addresses were tried, the first that failed tells. */
function messageOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return error.message === '' && first instanceof Error ? first.message : error.message
}
