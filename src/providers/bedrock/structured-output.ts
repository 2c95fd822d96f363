import type { ChatRequest } from '../../core/openai.ts'
import { claudeModels } from '../anthropic/models.ts'
import { type OutputPlan, planOutput } from '../anthropic/structured-output.ts'
import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'

export interface StructuredOutputRules {
  /** Takes `outputConfig`. */
  readonly json_schema: boolean
  /** Schemas must be in the part of the language that Claude's grammar takes. */
  readonly strict_schemas: boolean
  readonly tools: boolean
}

/**
 * How `response_format` is honoured: as for Claude everywhere, but that other models take any schema. Throws 400:
 * `unsupported_parameter` where the model can be held to a schema neither by Converse nor by a tool.
 */
export function planStructuredOutput(body: ChatRequest, rules: StructuredOutputRules): OutputPlan {
  const schema = schemaOf(body)
  if (schema !== null && rules.json_schema && !rules.strict_schemas) return { kind: 'native', schema }
  const plan = planOutput(body, { ...claudeModels.base, json_schema: rules.json_schema })
  if (plan.kind !== 'tool' || rules.tools) return plan
  throw unsupported('response_format', 'This Bedrock model cannot be held to a JSON schema.')
}

/** Converse's `outputConfig`; the schema is a text there. */
export function outputConfig(body: ChatRequest, plan: OutputPlan): { outputConfig?: JsonObject } {
  if (plan.kind !== 'native') return {}
  const named = asObject(asObject(body.response_format)?.['json_schema'])
  const description = asText(named?.['description'])
  const jsonSchema = {
    schema: JSON.stringify(plan.schema),
    name: asText(named?.['name']) ?? 'answer',
    ...(description === null ? {} : { description }),
  }
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } }
}

function schemaOf(body: ChatRequest): JsonObject | null {
  const format = asObject(body.response_format)
  return format?.['type'] === 'json_schema' ? asObject(asObject(format['json_schema'])?.['schema']) : null
}
