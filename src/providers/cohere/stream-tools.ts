import type { ChatCall } from '../../core/provider.ts'
import type { Chunks } from '../shared/chunks.ts'
import { asObject, asText, stringIn } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'

/** The tool calls of a streamed answer, by their own index, which starts anew beside that of the content. */
export interface StreamTools {
  /** `value`: the event's `delta.message.tool_calls`. Throws GatewayError for a call that begins twice. */
  start(index: unknown, value: unknown): void
  /** Throws GatewayError for a call that has not begun: an answer without it would be another. */
  delta(index: unknown, value: unknown): void
  end(index: unknown): void
  /** Ends every call that is still open. */
  endAll(): void
}

export interface StreamToolsOptions {
  readonly call: ChatCall
  readonly chunks: Chunks
}

interface Open {
  readonly tool: number
  /** What may still turn out to be the text `null`, which means no arguments. */
  held: string
  isPlain: boolean
}

const longestHeld = 64

export function createStreamTools({ call, chunks }: StreamToolsOptions): StreamTools {
  const open = new Map<unknown, Open>()

  const add = (state: Open, fragment: string) => {
    if (state.isPlain) return chunks.toolArguments(state.tool, fragment)
    state.held += fragment
    if (mayBeNull(state.held)) return
    state.isPlain = true
    chunks.toolArguments(state.tool, state.held)
  }
  const end = (index: unknown) => {
    const state = open.get(index)
    open.delete(index)
    if (state === undefined) return
    const held = state.held.trim()
    if (!state.isPlain && held !== 'null') chunks.toolArguments(state.tool, held)
    chunks.endTool(state.tool)
  }

  return {
    start: (index, value) => {
      if (open.has(index)) throw malformed('The provider began a tool call twice.')
      const begun = asObject(value)
      const named = asObject(begun?.['function'])
      const id = asText(begun?.['id']) ?? toolCallId(call.id, chunks.toolCount)
      const tool = chunks.startTool({ id, name: stringIn(named?.['name']) })
      const state: Open = { tool, held: '', isPlain: false }
      open.set(index, state)
      add(state, stringIn(named?.['arguments']))
    },
    delta: (index, value) => {
      const state = open.get(index)
      if (state === undefined) throw malformed('The provider went on with a tool call that it had not begun.')
      add(state, stringIn(asObject(asObject(value)?.['function'])?.['arguments']))
    },
    end,
    endAll: () => {
      for (const index of open.keys()) end(index)
    },
  }
}

function mayBeNull(text: string): boolean {
  return text.length <= longestHeld && 'null'.startsWith(text.trim())
}
