/** What a model without a JSON mode is told, where the client asked for `json_object`. */
export const jsonInstruction =
  'Answer with one valid JSON object and nothing else: no text before or after it, no Markdown code fence.'

export interface FenceStripper {
  /** The text that is certain to be no part of a fence. */
  push(fragment: string): string
  /** What is left at the end. */
  end(): string
}

const opening = /^\s*```[\w-]*[ \t]*\r?\n/
const maybeOpening = /^\s*(?:`{0,2}|```[\w-]*[ \t]*\r?)$/
/** White space and the word after the fence stay far below. */
const longestOpening = 64
const ofClosing = ' \t\r\n`'

/**
 * Takes away the Markdown code fence that a model may put around JSON all the same. Text without one passes as it
 * is; only what may be a fence is held back, so that a stream stays one.
 */
export function createFenceStripper(): FenceStripper {
  let held = ''
  let state: 'start' | 'fenced' | 'plain' = 'start'
  return {
    push: (fragment) => {
      if (state === 'plain') return fragment
      held += fragment
      if (state === 'start') {
        if (held.length <= longestOpening && maybeOpening.test(held)) return ''
        const head = opening.exec(held)
        state = head === null ? 'plain' : 'fenced'
        if (head !== null) held = held.slice(head[0].length)
      }
      return state === 'fenced' ? takeCertain() : takeAll()
    },
    end: () => (state === 'fenced' ? withoutClosing(takeAll()) : takeAll()),
  }

  function takeAll(): string {
    const all = held
    held = ''
    return all
  }

  /** All but the back ticks and white space at its end. */
  function takeCertain(): string {
    let end = held.length
    while (end > 0 && ofClosing.includes(held.charAt(end - 1))) end--
    const certain = held.slice(0, end)
    held = held.slice(end)
    return certain
  }
}

function withoutClosing(tail: string): string {
  const trimmed = tail.trimEnd()
  return trimmed.endsWith('```') ? trimmed.slice(0, -3).trimEnd() : tail
}

/** The same for a whole text. */
export function stripFence(text: string): string {
  const stripper = createFenceStripper()
  return stripper.push(text) + stripper.end()
}
