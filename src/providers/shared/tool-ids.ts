import { createHash } from 'node:crypto'

/** The id of the n-th tool call (from 0) of an answer whose provider names none: the same for the same call. */
export function toolCallId(callId: string, index: number): string {
  return `call_${callId.replace(/^chatcmpl-/, '')}_${index}`
}

/**
 * A tool call's id in the letters that providers take (`[A-Za-z0-9_-]`, 64 at most): as it is where it fits, else a
 * digest of it, so that a call and its result still agree and no two ids fall together.
 */
export function safeToolId(id: string): string {
  if (/^[\w-]{1,64}$/.test(id)) return id
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`
}
