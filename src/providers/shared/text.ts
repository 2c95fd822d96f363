import type { ChatMessage, ContentPart } from '../../core/openai.ts'
import { invalid } from './refusals.ts'

/** Empty or white space only: several providers refuse such text, and none needs it (providers' facts §3.3). */
export function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === ''
}

/**
 * A message's content as parts: a string is one text part, null is none. Throws 400 `invalid_request` for a part of
 * text whose text is none: it would be taken for a blank one, and left out.
 */
export function partsOf(content: ChatMessage['content']): readonly ContentPart[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (content.some((part) => part.type === 'text' && typeof part.text !== 'string')) {
    throw invalid('messages', 'A part of the type `text` must have a `text` that is a string.')
  }
  return content
}

/** The text of a content, its text and refusal parts joined by line ends; other parts are passed over. */
export function textOf(content: ChatMessage['content']): string {
  return partsOf(content)
    .map((part) => (part.type === 'text' ? part.text : part.type === 'refusal' ? part.refusal : ''))
    .filter((text) => !isBlank(text))
    .join('\n')
}
