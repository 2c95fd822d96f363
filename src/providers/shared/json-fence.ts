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
const maybeClosing = /\r?\n?[ \t]*`{0,3}\s*$/
const closing = /\r?\n?[ \t]*```\s*$/

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
        if (maybeOpening.test(held)) return ''
        const head = opening.exec(held)
        state = head === null ? 'plain' : 'fenced'
        if (head !== null) held = held.slice(head[0].length)
      }
      return state === 'fenced' ? takeCertain() : takeAll()
    },
    end: () => (state === 'fenced' ? takeAll().replace(closing, '') : takeAll()),
  }

  function takeAll(): string {
    const all = held
    held = ''
    return all
  }

  function takeCertain(): string {
    const end = maybeClosing.exec(held)?.index ?? held.length
    const certain = held.slice(0, end)
    held = held.slice(end)
    return certain
  }
}

/** The same for a whole text. */
export function stripFence(text: string): string {
  const stripper = createFenceStripper()
  return stripper.push(text) + stripper.end()
}
