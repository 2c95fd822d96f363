import type { CacheControl, ChatMessage } from '../../core/openai.ts'
import { readCacheControl } from './cache-control.ts'
import { unsupported } from './refusals.ts'
import { isBlank, partsOf } from './text.ts'

export interface SystemPart {
  readonly text: string
  readonly cacheControl: CacheControl | null
}

/** A message with its place in the client's list (`messages[3]`), for errors that name it. */
export interface PlacedMessage {
  readonly message: ChatMessage
  readonly at: string
}

export interface LiftedSystem {
  /** In order, wherever they stood; each part stays its own, so that cache marks keep their place. */
  readonly system: readonly SystemPart[]
  readonly rest: readonly PlacedMessage[]
}

/**
 * Takes system and developer messages out of the conversation, for providers with a separate system field
 * (providers' facts §3.3). Where there is nothing else, the last of them is the user's: a conversation needs a turn.
 * Throws 400 `unsupported_parameter` for parts that are no text.
 */
export function liftSystem(messages: readonly ChatMessage[]): LiftedSystem {
  const placed = messages.map((message, index) => ({ message, at: `messages[${index}]` }))
  const isSystem = ({ message }: PlacedMessage) => message.role === 'system' || message.role === 'developer'
  const rest = placed.filter((one) => !isSystem(one))
  const lifted = placed.filter(isSystem)
  if (rest.length > 0) return { system: lifted.flatMap(systemParts), rest }
  const last = lifted.pop()
  const turn = last === undefined ? [] : [{ ...last, message: { ...last.message, role: 'user' as const } }]
  return { system: lifted.flatMap(systemParts), rest: turn }
}

function systemParts({ message, at }: PlacedMessage): SystemPart[] {
  const parts = partsOf(message.content).flatMap((part, index): SystemPart[] => {
    if (part.type !== 'text') {
      throw unsupported(`${at}.content[${index}]`, `A ${message.role} message takes text only.`)
    }
    return isBlank(part.text) ? [] : [{ text: part.text, cacheControl: readCacheControl(part) }]
  })
  const last = parts.at(-1)
  const mark = readCacheControl(message)
  if (last !== undefined && mark !== null) parts[parts.length - 1] = { ...last, cacheControl: mark }
  return parts
}
