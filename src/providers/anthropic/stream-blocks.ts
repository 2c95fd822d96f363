import type { ChatCall } from '../../core/provider.ts'
import type { Chunks } from '../shared/chunks.ts'
import { asObject, asText, type JsonObject, stringIn } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import type { AnswerText } from './answer-text.ts'
import type { OutputPlan } from './structured-output.ts'

/** The content blocks of a streamed Message, by their index; a tool's index in OpenAI's answer is another. */
export interface StreamBlocks {
  start(index: unknown, block: JsonObject): void
  delta(index: unknown, delta: JsonObject): void
  stop(index: unknown): void
  /** Ends those whose own end did not come: a call's input and a signature are told then. */
  end(): void
}

export interface StreamBlocksOptions {
  readonly call: ChatCall
  readonly chunks: Chunks
  readonly text: AnswerText
  readonly plan: OutputPlan
}

type Open =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking'; thinking: string; signature: string }
  | { readonly kind: 'tool'; readonly tool: number; readonly input: string; hasFragment: boolean }
  | { readonly kind: 'answer'; readonly input: string; hasFragment: boolean }

export function createBlocks({ call, chunks, text, plan }: StreamBlocksOptions): StreamBlocks {
  const open = new Map<unknown, Open>()
  let isAnswered = false

  const toolFragment = (block: Open & { kind: 'tool' | 'answer' }, fragment: string) => {
    if (fragment === '') return
    block.hasFragment = true
    if (block.kind === 'tool') chunks.toolArguments(block.tool, fragment)
    else text.answer(fragment)
  }
  const startTool = (block: JsonObject): Open | null => {
    const name = stringIn(block['name'])
    // Empty at the start of a stream, where fragments follow; not so with hosts that send the input whole.
    const input = Object.keys(asObject(block['input']) ?? {}).length > 0 ? JSON.stringify(block['input']) : ''
    if (plan.kind === 'tool' && name === plan.tool.name) {
      if (isAnswered) return null
      isAnswered = true
      return { kind: 'answer', input, hasFragment: false }
    }
    const id = asText(block['id']) ?? toolCallId(call.id, chunks.toolCount)
    return { kind: 'tool', tool: chunks.startTool({ id, name }), input, hasFragment: false }
  }
  const started = (block: JsonObject): Open | null => {
    switch (block['type']) {
      case 'text':
        text.text(stringIn(block['text']))
        return { kind: 'text' }
      case 'thinking':
        chunks.reasoning(stringIn(block['thinking']))
        return {
          kind: 'thinking',
          thinking: stringIn(block['thinking']),
          signature: stringIn(block['signature']),
        }
      case 'redacted_thinking':
        chunks.thinking({ type: 'redacted_thinking', data: stringIn(block['data']) })
        return null
      case 'tool_use':
        return startTool(block)
      // Tools that the provider runs itself, and blocks that are not known yet.
      default:
        return null
    }
  }

  const stop = (index: unknown) => {
    const block = open.get(index)
    open.delete(index)
    if (block?.kind === 'thinking' && block.signature !== '') {
      chunks.thinking({ type: 'thinking', thinking: block.thinking, signature: block.signature })
    }
    if (block?.kind === 'tool' || block?.kind === 'answer') {
      if (!block.hasFragment) toolFragment(block, block.input || (block.kind === 'answer' ? '{}' : ''))
      if (block.kind === 'tool') chunks.endTool(block.tool)
    }
  }

  return {
    start: (index, block) => {
      if (open.has(index)) throw malformed('The provider began a content block twice.')
      const opened = started(block)
      if (opened !== null) open.set(index, opened)
    },
    delta: (index, delta) => {
      const block = open.get(index)
      if (block === undefined) return
      if (block.kind === 'text') text.text(stringIn(delta['text']))
      else if (block.kind === 'thinking') {
        const thought = stringIn(delta['thinking'])
        block.thinking += thought
        block.signature += stringIn(delta['signature'])
        chunks.reasoning(thought)
      } else toolFragment(block, stringIn(delta['partial_json']))
    },
    stop,
    end: () => {
      for (const index of open.keys()) stop(index)
    },
  }
}
