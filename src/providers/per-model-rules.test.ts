import { describe, expect, it } from 'vitest'
import type { Connection } from '../core/entities.ts'
import type { ChatRequest } from '../core/openai.ts'
import { capabilitiesOf as claude } from './anthropic/models.ts'
import { capabilitiesOf as bedrock } from './bedrock/families.ts'
import { capabilitiesOf as cohere } from './cohere/models.ts'
import { gemini } from './google/fixtures/connections.ts'
import { capabilitiesOf as google } from './google/models.ts'
import { createProviders } from './index.ts'
import { presets } from './openai/presets.ts'
import { quirksOf } from './openai/ways.ts'
import { chatCall, testConnection } from './testing/chat-call.ts'
import { sentRequest } from './testing/sent-request.ts'

type Switches = Readonly<Record<string, string | number | boolean>>

const providers = createProviders()
const connect = (provider: string, modelName: string) => (capabilities: Switches) =>
  testConnection({ provider, modelName, overrides: { capabilities } })
const [openaiPreset] = presets

const tables: readonly [string, (capabilities: Switches) => Connection, (one: Connection) => object][] = [
  ['anthropic', connect('anthropic', 'claude-sonnet-4-5'), claude],
  ['bedrock', connect('bedrock', 'meta.llama3-3-70b-instruct-v1:0'), bedrock],
  ['bedrock', connect('bedrock', 'anthropic.claude-sonnet-4-5-v1:0'), bedrock],
  ['google', (capabilities) => gemini({ overrides: { capabilities } }), google],
  ['cohere', connect('cohere', 'command-a-03-2025'), cohere],
  [
    'openai',
    connect('openai', 'o3-mini'),
    (one) => quirksOf(one, openaiPreset as (typeof presets)[number]).capabilities,
  ],
]

describe.each(tables)('the table of %s', (_, connection, capabilitiesOf) => {
  const plain = capabilitiesOf(connection({})) as Switches
  const another = (value: Switches[string]): Switches[string] =>
    typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : `${value} other`

  it.each(Object.entries(plain))('is the connection’s to overrule: %s', (name, value) => {
    const said = another(value)
    expect(capabilitiesOf(connection({ [name]: said }))).toEqual({ ...plain, [name]: said })
    const ofAnotherType = typeof value === 'string' ? 7 : 'text'
    expect(capabilitiesOf(connection({ [name]: ofAnotherType }))).toEqual(plain)
  })
})

const tool = { type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } }

interface Case {
  readonly provider: string
  readonly modelName: string
  readonly body: Partial<ChatRequest>
  readonly overrides: Switches
  /** Of the body that is sent: the member that the switch is about, by the table, and as the connection says. */
  readonly member: string
  readonly byTable: unknown
  readonly overruled: unknown
}

const cases: readonly Case[] = [
  {
    provider: 'anthropic',
    modelName: 'claude-opus-5-5',
    body: { tools: [tool], tool_choice: 'required' },
    overrides: { forced_tools: true },
    member: 'tool_choice',
    byTable: undefined,
    overruled: { type: 'any' },
  },
  {
    provider: 'anthropic',
    modelName: 'claude-opus-4-8',
    body: { temperature: 0.5 },
    overrides: { sampling: true },
    member: 'temperature',
    byTable: undefined,
    overruled: 0.5,
  },
  {
    provider: 'bedrock',
    modelName: 'meta.llama3-3-70b-instruct-v1:0',
    body: { reasoning_effort: 'low' },
    overrides: { reasoning: 'reasoning_effort', efforts: 'low high' },
    member: 'additionalModelRequestFields',
    byTable: undefined,
    overruled: { reasoning_effort: 'low' },
  },
  {
    provider: 'cohere',
    modelName: 'command-a-03-2025',
    body: { reasoning_effort: 'none' },
    overrides: { reasoning: true },
    member: 'thinking',
    byTable: undefined,
    overruled: { type: 'disabled' },
  },
  {
    provider: 'openai',
    modelName: 'o3-mini',
    body: { stop: null, max_tokens: 9 },
    overrides: { max_tokens_field: 'max_tokens' },
    member: 'max_tokens',
    byTable: undefined,
    overruled: 9,
  },
  {
    provider: 'nvidia',
    modelName: 'meta/llama-3.3-70b-instruct',
    body: { user: 'u' },
    overrides: { user: true },
    member: 'user',
    byTable: undefined,
    overruled: 'u',
  },
]

it.each([...cases])('$provider $modelName: $member', (one) => {
  const sent = (overrides: Switches) => {
    const provider = providers.get(one.provider)
    if (provider === undefined) throw new Error(`there is no ${one.provider}`)
    const connection = connect(one.provider, one.modelName)(overrides)
    const body = { messages: [{ role: 'user' as const, content: 'hi' }], ...one.body }
    return sentRequest(provider, chatCall({ body, connection })).body[one.member]
  }
  expect(sent({})).toEqual(one.byTable)
  expect(sent(one.overrides)).toEqual(one.overruled)
})
