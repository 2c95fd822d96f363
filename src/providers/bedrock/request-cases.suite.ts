import { describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { ChatRequest, FunctionTool } from '../../core/openai.ts'
import type { HeaderMap, UpstreamRequest } from '../../core/provider.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { buildRequest } from './build-request.ts'

export const claude = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
export const newClaude = 'us.anthropic.claude-opus-4-8'
export const nova = 'us.amazon.nova-pro-v1:0'
export const llama = 'meta.llama3-3-70b-instruct-v1:0'
export const oss = 'openai.gpt-oss-120b-1:0'

/** A client's body but for the model. */
export type Body = Omit<ChatRequest, 'model'>

export interface BuildOptions {
  readonly model?: string
  readonly overrides?: Connection['overrides']
  readonly headers?: HeaderMap
}

export interface Built {
  readonly request: UpstreamRequest | undefined
  readonly body: Readonly<Record<string, unknown>>
  readonly dropped: readonly string[]
}

/** What is sent for a client's body. */
export function build(
  body: Partial<Body>,
  { model = claude, overrides = {}, headers = {} }: BuildOptions = {},
): Built {
  const settings = { aws_region: 'us-east-1' }
  const connection = testConnection({ provider: 'bedrock', modelName: model, settings, overrides })
  const whole = { messages: [{ role: 'user' as const, content: 'Hi' }], ...body } as Body
  const { requests, dropped } = buildRequest(chatCall({ connection, body: whole, headers }))
  const [request] = requests
  return { request, body: JSON.parse(String(request?.body)) as Record<string, unknown>, dropped }
}

export const user = (content: unknown) => ({ role: 'user', content })
export const tool: FunctionTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells it',
    parameters: { properties: { city: { type: 'string' } } },
  },
}
export const spec = {
  toolSpec: {
    name: 'weather',
    description: 'Tells it',
    inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
  },
}
export const called = {
  role: 'assistant',
  content: null,
  tool_calls: [
    { id: 'call:1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
  ],
}
export const result = { role: 'tool', tool_call_id: 'call:1', content: 'sunny' }
export const png = `data:image/png;base64,${Buffer.from('png').toString('base64')}`
export const pdf = `data:application/pdf;base64,${Buffer.from('pdf').toString('base64')}`
export const pngBytes = Buffer.from('png').toString('base64')
export const pdfBytes = Buffer.from('pdf').toString('base64')
export const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
export const closed = { ...schema, additionalProperties: false }
export const jsonSchema = {
  type: 'json_schema',
  json_schema: { name: 'place', description: 'A place', schema },
}
export const ephemeral = { type: 'ephemeral' }

export interface RequestCase extends BuildOptions {
  readonly name: string
  readonly given: object
  /** Members of the body; undefined: not there. */
  readonly wanted: Readonly<Record<string, unknown>>
  readonly dropped?: readonly string[]
}

/** Client bodies, the members of Converse's body that each comes to, and what was dropped of it. */
export function requestSuite(name: string, cases: readonly RequestCase[]): void {
  describe(`requests: ${name}`, () => {
    it.each([...cases])('sends $name', ({ given, wanted, dropped = [], ...options }) => {
      const built = build(given as Partial<Body>, options)
      const members = Object.fromEntries(Object.keys(wanted).map((member) => [member, built.body[member]]))
      expect(members).toEqual(wanted)
      expect(built.dropped).toEqual(dropped)
    })
  })
}

/** The refusal of a client's body; throws where it is none. */
export function catchError(run: () => unknown): GatewayError {
  try {
    run()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
