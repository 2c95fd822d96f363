import { asObject, asText, type JsonObject } from '../shared/json.ts'
import type { AnsweredCall } from '../shared/response.ts'

/** What one part of an answer holds for an OpenAI client; the others (code that Google ran, images) are for none. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'call'; readonly call: Omit<AnsweredCall, 'id'> & { readonly id: string | null } }

/** The parts of a candidate's content, in order (providers' facts §8.4). Total. */
export function readParts(content: unknown): AnswerPart[] {
  const parts = asObject(content)?.['parts']
  if (!Array.isArray(parts)) return []
  return parts.flatMap((value) => {
    const part = asObject(value)
    return part === null ? [] : readPart(part)
  })
}

function readPart(part: JsonObject): AnswerPart[] {
  const { text, thought, thoughtSignature } = part
  if (typeof text === 'string')
    return [thought === true ? { kind: 'reasoning', text } : { kind: 'text', text }]
  const call = asObject(part['functionCall'])
  const name = asText(call?.['name'])
  if (call === null || name === null) return []
  const signature = asText(thoughtSignature)
  return [
    {
      kind: 'call',
      call: {
        id: asText(call['id']),
        name,
        arguments: JSON.stringify(asObject(call['args']) ?? {}),
        ...(signature === null ? {} : { extraContent: { google: { thought_signature: signature } } }),
      },
    },
  ]
}
