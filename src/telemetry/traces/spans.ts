import type { AttemptRecord, RequestRecord, RequestTrace } from '../../core/record.ts'
import type { Usage } from '../../core/usage.ts'

/** OTLP's JSON (opentelemetry-proto, `trace.proto`): 64-bit numbers are strings, ids hex. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 2: server, 3: client. */
  readonly kind: 2 | 3
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  /** 2: error. */
  readonly status: { readonly code: 0 | 2; readonly message?: string }
}

interface Attribute {
  readonly key: string
  readonly value: { stringValue: string } | { intValue: string } | { boolValue: boolean }
}

/** OpenTelemetry's names of operations and providers (semantic conventions for generative AI); others keep their own. */
const operations: Readonly<Record<string, string>> = {
  chat: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
}
const providers: Readonly<Record<string, string>> = {
  bedrock: 'aws.bedrock',
  azure_openai: 'azure.ai.openai',
  google: 'gcp.gen_ai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
}

/** A request's span, and one below it for each attempt; none where its trace is not kept. */
export function spansOf(record: RequestRecord): Span[] {
  const { trace } = record
  if (!trace?.context.sampled) return []
  return [
    requestSpan(record, trace),
    ...record.attempts.flatMap((attempt) => attemptSpan(record, attempt, trace)),
  ]
}

function requestSpan(record: RequestRecord, { context, startedAt }: RequestTrace): Span {
  const { operation, method, path, status, model, team, errorCode, outcome, usage } = record
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(context.parentId === null ? {} : { parentSpanId: context.parentId }),
    name: path === 'other' ? method : `${method} ${path}`,
    kind: 2,
    startTimeUnixNano: nanos(startedAt),
    endTimeUnixNano: nanos(startedAt + record.durationMs),
    attributes: attributes({
      'http.request.method': method,
      'http.route': path === 'other' ? null : path,
      'http.response.status_code': status,
      'gen_ai.operation.name': operations[operation] ?? null,
      'gen_ai.request.model': model,
      'modelgate.request_id': record.requestId,
      'modelgate.team': team,
      'modelgate.stream': record.stream,
      'error.type': outcome === 'success' ? null : (errorCode ?? outcome),
      ...usageOf(usage),
    }),
    // A server's span is in error for its own failures, not for its client's (HTTP conventions).
    status: status >= 500 || outcome === 'stream_error' ? { code: 2, ...messageOf(errorCode) } : { code: 0 },
  }
}

function attemptSpan(
  record: RequestRecord,
  attempt: AttemptRecord,
  { context, startedAt }: RequestTrace,
): Span[] {
  if (attempt.span === undefined) return []
  const { spanId, offsetMs, modelName } = attempt.span
  const operation = operations[record.operation] ?? record.operation
  const isAnswered = attempt.outcome === 'success'
  return [
    {
      traceId: context.traceId,
      spanId,
      parentSpanId: context.spanId,
      name: `${operation} ${modelName}`,
      kind: 3,
      startTimeUnixNano: nanos(startedAt + offsetMs),
      endTimeUnixNano: nanos(startedAt + offsetMs + attempt.durationMs),
      attributes: attributes({
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': providers[attempt.provider] ?? attempt.provider,
        'gen_ai.request.model': modelName,
        'modelgate.model': attempt.model,
        'modelgate.connection': attempt.connection,
        'error.type': isAnswered ? null : attempt.outcome,
        ...(isAnswered ? usageOf(record.usage) : {}),
      }),
      status:
        isAnswered || attempt.outcome === 'aborted'
          ? { code: 0 }
          : { code: 2, ...messageOf(attempt.outcome) },
    },
  ]
}

function usageOf(usage: Usage | null): Record<string, number | null> {
  return {
    'gen_ai.usage.input_tokens': usage?.input ?? null,
    'gen_ai.usage.output_tokens': usage?.output ?? null,
  }
}

function messageOf(text: string | null) {
  return text === null ? {} : { message: text }
}

function attributes(named: Record<string, string | number | boolean | null>): Attribute[] {
  return Object.entries(named).flatMap(([key, value]) =>
    value === null ? [] : [{ key, value: valueOf(value) }],
  )
}

function valueOf(value: string | number | boolean): Attribute['value'] {
  if (typeof value === 'string') return { stringValue: value }
  return typeof value === 'number' ? { intValue: String(Math.round(value)) } : { boolValue: value }
}

/** Unix ms with fractions as whole nanoseconds, which a double cannot hold. */
function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)))
}
