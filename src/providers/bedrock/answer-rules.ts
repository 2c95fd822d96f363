import type { ChatCall } from '../../core/provider.ts'
import type { OutputPlan } from '../anthropic/structured-output.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import { toolAnswers, type ToolAnswers } from './convert-tools.ts'
import { capabilitiesOf } from './families.ts'
import { planStructuredOutput } from './structured-output.ts'

/** How an answer is to be read, which is settled by what was asked. */
export interface AnswerRules extends ToolAnswers {
  readonly output: OutputPlan
}

export function answerRules(call: ChatCall): AnswerRules {
  const body = withoutLegacyFunctions(call.body)
  const output = planStructuredOutput(body, capabilitiesOf(call.connection))
  return { ...toolAnswers(body, output), output }
}
