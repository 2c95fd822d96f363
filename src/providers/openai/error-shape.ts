import { asObject, asText, type JsonObject } from '../shared/json.ts'

/** What an error body says, whoever wrote it. */
export interface ErrorShape {
  readonly message: string | null
  /** A word; numbers are in `status`. */
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
  /** An HTTP status that the body states. */
  readonly status: number | null
}

/**
 * Reads the error bodies of everything that speaks OpenAI's protocol: OpenAI and Azure (`innererror`), old vLLM
 * (`object: "error"`), Hugging Face and TGI (`error` is a text or a list), FastAPI (`detail`), NIM (`title`, `detail`),
 * Writer (`tpe`, `errors`), Groq (`x_groq.error`), xAI (`code` and `error` as texts), Google's list of one.
 * null: no error body. Total.
 */
export function readErrorShape(value: unknown): ErrorShape | null {
  const body = asObject(Array.isArray(value) ? value[0] : value)
  if (body === null) return null
  const groq = asObject(body['x_groq'])?.['error']
  const inner = asObject(body['error']) ?? asObject(groq)
  if (inner !== null) return shapeOf(inner, body)
  if (typeof groq === 'string') return shapeOf({ message: groq }, body)
  const writer = Array.isArray(body['errors']) ? asObject(body['errors'][0]) : null
  if (writer !== null) {
    return { ...shapeOf(body, body), message: textOf(writer['description']), code: wordOf(writer['key']) }
  }
  return shapeOf(body, body)
}

/** A body that says it is an error, whatever its status: `{"error": …}`, old vLLM, Groq in a stream, Writer. */
export function isErrorBody(body: JsonObject): boolean {
  return (
    Boolean(body['error']) ||
    body['object'] === 'error' ||
    Boolean(asObject(body['x_groq'])?.['error']) ||
    (typeof body['tpe'] === 'string' && Array.isArray(body['errors']))
  )
}

function shapeOf(fields: JsonObject, body: JsonObject): ErrorShape {
  const message = ['message', 'detail', 'error', 'title', 'description'].map((name) => textOf(fields[name]))
  const innerCode = wordOf(asObject(fields['innererror'])?.['code'])
  return {
    message: withCause(message.find((text) => text !== null) ?? null, asObject(fields['metadata'])?.['raw']),
    code: wordOf(fields['code']) ?? innerCode,
    type:
      wordOf(fields['type']) ?? wordOf(body['error_type']) ?? wordOf(body['tpe']) ?? wordOf(fields['status']),
    param: wordOf(fields['param']),
    status:
      ['status_code', 'status', 'code'].map((name) => statusOf(fields[name])).find((it) => it !== null) ??
      null,
  }
}

/** OpenRouter's own text says only that a provider failed; `metadata.raw` is what that provider said. */
function withCause(message: string | null, raw: unknown): string | null {
  return message !== null && typeof raw === 'string' && raw !== ''
    ? `${message}: ${raw.slice(0, longestMessage)}`
    : message
}

const longestMessage = 4000

/** A text, or the first of a list of them; FastAPI's list of faults with their places; Mistral's object around it. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return asText(value.slice(0, longestMessage))
  if (Array.isArray(value)) {
    const texts = value
      .slice(0, 10)
      .map((item) => (typeof item === 'string' ? item : faultText(asObject(item))))
    return asText(texts.filter((text) => text !== null).join('; '))
  }
  const fields = asObject(value)
  return fields === null ? null : (listText(fields['detail']) ?? asText(fields['message']))
}

function listText(value: unknown): string | null {
  return Array.isArray(value) ? textOf(value) : asText(value)
}

function faultText(fault: JsonObject | null): string | null {
  const text = asText(fault?.['msg']) ?? asText(fault?.['message'])
  const place = fault?.['loc']
  return text !== null && Array.isArray(place) ? `${place.slice(0, 10).map(String).join('.')}: ${text}` : text
}

/** Numbers as text are Azure's; "None" is Python's null, as LiteLLM prints it; xAI's sentences are no codes. */
function wordOf(value: unknown): string | null {
  const text = asText(value)
  return text === null || text === 'None' || !/^\S{1,120}$/.test(text) || /^\d+$/.test(text) ? null : text
}

function statusOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && number >= 400 && number <= 599 ? Math.floor(number) : null
}
