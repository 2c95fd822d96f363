import type { Chunks } from '../shared/chunks.ts'
import { asText, type JsonObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'

export interface Reasoning {
  delta(reasoning: JsonObject): void
  /** The block has ended, or another has begun, which ends it too: some streams leave the stop out. */
  end(): void
}

/** No model thinks longer in one block. */
const maxCharacters = 4 * 1024 * 1024

/**
 * Reasoning as it comes, and once its block is signed the whole of it again as `thinking_blocks`, which the client
 * sends back so that the model takes up its own thought.
 */
export function createReasoning(chunks: Chunks): Reasoning {
  let text = ''
  let signature = ''
  return {
    delta: (reasoning) => {
      const fragment = reasoning['text']
      if (typeof fragment === 'string') {
        text += fragment
        if (text.length > maxCharacters) throw malformed('Bedrock sent reasoning without an end.')
        chunks.reasoning(fragment)
      }
      signature += asText(reasoning['signature']) ?? ''
      const data = asText(reasoning['redactedContent'])
      if (data !== null) chunks.thinking({ type: 'redacted_thinking', data })
    },
    end: () => {
      if (signature !== '') chunks.thinking({ type: 'thinking', thinking: text, signature })
      text = ''
      signature = ''
    },
  }
}
