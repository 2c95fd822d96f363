import { z } from 'zod'
import { addressFault, requiredText } from './fields.ts'

const expression = requiredText.describe('A JSONata expression')

/** What a `custom` upstream is sent and how its answers are read (design §5, custom HTTP APIs). */
export const customTemplate = z.strictObject({
  url: requiredText.superRefine((text, context) => {
    const fault = addressFault(text)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  }),
  method: z.enum(['GET', 'POST', 'PUT']).default('POST'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('A value may name a secret: "Bearer {{api_key}}"'),
  request: expression.describe("From the OpenAI request to the provider's body, a JSONata expression"),
  response: z
    .strictObject({
      text: expression.optional(),
      embeddings: expression.optional(),
      tool_calls: expression.optional(),
      finish_reason: expression.optional(),
      usage: z.strictObject({ input: expression, output: expression }).optional(),
      error: expression.optional(),
    })
    .describe("From the provider's answer"),
  stream: z
    .strictObject({
      format: z.enum(['sse', 'ndjson']),
      delta: expression,
      done: expression.optional(),
      usage: z.strictObject({ input: expression, output: expression }).optional(),
      error: expression.optional(),
    })
    .optional(),
})
