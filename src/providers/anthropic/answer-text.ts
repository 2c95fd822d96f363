import type { Chunks } from '../shared/chunks.ts'
import { createFenceStripper } from '../shared/json-fence.ts'
import type { OutputPlan } from './structured-output.ts'

/** The answer's text on its way into chunks, as the plan of its format wants it. */
export interface AnswerText {
  /** What the model says. */
  text(fragment: string): void
  /** Input of the tool that stands for the answer: it is the answer then, and what was said besides is not. */
  answer(fragment: string): void
  end(): void
}

export function createAnswerText(chunks: Chunks, plan: OutputPlan): AnswerText {
  switch (plan.kind) {
    case 'instruction': {
      const fence = createFenceStripper()
      return {
        text: (fragment) => chunks.content(fence.push(fragment)),
        answer: () => {},
        end: () => chunks.content(fence.end()),
      }
    }
    case 'tool': {
      let held = ''
      let isAnswered = false
      return {
        text: (fragment) => {
          if (!isAnswered) held += fragment
        },
        answer: (fragment) => {
          isAnswered = true
          chunks.content(fragment)
        },
        // The model answered in words where it should have called the tool: better than nothing.
        end: () => {
          if (!isAnswered) chunks.content(held)
        },
      }
    }
    default:
      return { text: (fragment) => chunks.content(fragment), answer: () => {}, end: () => {} }
  }
}
