import { hash } from 'node:crypto'
import type { ChatMessage, ContentPart } from '../../core/openai.ts'

const mostMessages = 8
const mostParts = 8
const mostCharacters = 2_048

/**
 * What every request of one conversation shares, as a short hash: its instructions and the user's first message, of
 * each no more than the beginning and the length.
 */
export function affinityKey(messages: readonly ChatMessage[]): string {
  let text = ''
  for (const { role, content } of messages.slice(0, mostMessages)) {
    if (role !== 'system' && role !== 'developer' && role !== 'user') continue
    text += `\n${role}`
    if (typeof content === 'string') text += beginning(content)
    else if (Array.isArray(content)) text += content.slice(0, mostParts).map(partText).join('')
    if (role === 'user') break
  }
  return hash('sha256', text, 'base64url')
}

function partText(part: ContentPart): string {
  switch (part.type) {
    case 'text':
      return beginning(part.text)
    case 'image_url':
      return beginning(typeof part.image_url === 'string' ? part.image_url : part.image_url?.url)
    default:
      return `\n${part.type}`
  }
}

/** Parts come from the client, whose word for their types is not taken. */
function beginning(text: unknown): string {
  return typeof text === 'string' ? `\n${text.length}:${text.slice(0, mostCharacters)}` : '\n'
}
