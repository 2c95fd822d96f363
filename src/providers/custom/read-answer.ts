import type { Call, UpstreamResponse } from '../../core/provider.ts'
import { malformed } from '../shared/upstream-error.ts'
import { answerFault } from './expression-error.ts'
import type { ExpressionPool } from './expression-pool.ts'
import { throwFound, type Values } from './read-values.ts'
import { responseExpressions, templateOf } from './template.ts'

/** What the template finds in a whole answer. Rejects with GatewayError: no JSON, or an error by the template's word. */
export async function readAnswer(
  pool: ExpressionPool,
  response: UpstreamResponse | undefined,
  { connection }: Call,
): Promise<Values> {
  if (response === undefined) throw malformed('The provider did not answer.')
  const expressions = responseExpressions(templateOf(connection))
  const input = Buffer.from(response.body).toString('utf8')
  const values = await pool.run({ expressions, input }).catch((error: unknown) => {
    throw answerFault(error)
  })
  throwFound(values['response.error'])
  return values
}
