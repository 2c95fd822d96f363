import type { AttemptRecord, RequestRecord } from '../../core/record.ts'

/** A successful, streamed chat, apart from what a test says otherwise. */
export function recordOf(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: 'req_1',
    isOwnId: false,
    operation: 'chat',
    method: 'POST',
    path: '/v1/chat/completions',
    subject: 'alice',
    issuer: 'https://issuer.test',
    team: 'research',
    model: 'gpt',
    provider: 'openai',
    connection: 'main',
    stream: true,
    attempts: [attemptOf()],
    status: 200,
    errorCode: null,
    outcome: 'success',
    durationMs: 100,
    authMs: 0.5,
    upstreamMs: 99,
    firstTokenMs: 30,
    usage: { input: 10, output: 7, cachedInput: 4, cacheWrite: 1, reasoning: 2 },
    upstreamRequestId: 'up-1',
    ...changes,
  }
}

export function attemptOf(changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    model: 'gpt',
    provider: 'openai',
    connection: 'main',
    outcome: 'success',
    durationMs: 90,
    ...changes,
  }
}
