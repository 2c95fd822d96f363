import type { Overrides } from '../../core/entities.ts'
import type { ModelRule } from './model-rules.ts'

/**
 * What one upstream takes, as switches (providers' facts §13). The names are those of `overrides.capabilities`, where
 * any of them can be set for one connection.
 */
export interface Capabilities {
  readonly max_tokens_field: 'as_sent' | 'max_tokens' | 'max_completion_tokens'
  /** What `system` and `developer` messages are called. */
  readonly system_role: 'as_sent' | 'system' | 'developer'
  /** False: usage is not asked for in streams. */
  readonly stream_options: boolean
  /** False: the upstream cannot stream; the whole answer is asked for and shown as a stream. */
  readonly streaming: boolean
  readonly json_schema: boolean
  readonly json_object: boolean
  /** True: `json_object` is refused unless the word JSON stands in the conversation; where it does not, it is added. */
  readonly json_word: boolean
  /** False: message content must be one text. */
  readonly array_content: boolean
  /** False: images are fetched by the gateway and sent as data URLs. */
  readonly image_urls: boolean
  /** What an assistant message's reasoning is called on replay, or that it is refused. */
  readonly reasoning_replay: 'as_sent' | 'reasoning' | 'drop'
  /** False: the marks that Anthropic-family hosts read are refused. */
  readonly cache_control: boolean
  /** False: `name` on messages is refused. */
  readonly message_name: boolean
  /**
   * False: members that messages of answers have and OpenAI's requests have not are refused (`parsed`, `annotations`),
   * and so are those that are null (`refusal`, `audio`, `function_call`), which SDKs' helpers replay all the same.
   */
  readonly response_members: boolean
  /** The words of `reasoning_effort` that it has; any other becomes the nearest of them. Empty: as sent. */
  readonly efforts: string
  /** True: it thinks or not by `thinking: {type}`, beside which `reasoning_effort` only says how much. */
  readonly thinking_switch: boolean
  /** `value`: `tool_choice` stands in an object, `{value: …}`. */
  readonly tool_choice_form: 'as_sent' | 'value'
  /** What the arguments of a replayed tool call are called. */
  readonly call_arguments: string
  /** False: a parameter that is null, which asks for nothing, is refused, and so it is left out. */
  readonly nulls: boolean
  /** True: `stop` must be a list. */
  readonly stop_list: boolean
  /** True: `logprobs` is the number that OpenAI calls `top_logprobs`. */
  readonly logprobs_count: boolean
  /** Lower temperatures are raised to it. */
  readonly min_temperature: number
  /** False: embeddings come as numbers, and are encoded here. */
  readonly base64_embeddings: boolean
  /** False: embeddings of token ids are refused. */
  readonly token_input: boolean
  /** Tokens a probe asks for. */
  readonly probe_tokens: number
}

/** An upstream of which nothing is known: everything goes as the client sent it. */
export const anyCapabilities: Capabilities = {
  max_tokens_field: 'as_sent',
  system_role: 'as_sent',
  stream_options: true,
  streaming: true,
  json_schema: true,
  json_object: true,
  json_word: false,
  array_content: true,
  image_urls: true,
  reasoning_replay: 'as_sent',
  cache_control: true,
  message_name: true,
  response_members: true,
  efforts: '',
  thinking_switch: false,
  tool_choice_form: 'as_sent',
  call_arguments: 'arguments',
  nulls: true,
  stop_list: false,
  logprobs_count: false,
  min_temperature: 0,
  base64_embeddings: true,
  token_input: true,
  probe_tokens: 1,
}

/** What a table says of an upstream and of the model on it. */
export interface Quirks {
  readonly capabilities?: Partial<Capabilities>
  /** Hints that the upstream refuses: left out, and named to the client. */
  readonly drop?: readonly string[]
  /** What it refuses and what changes the answer: 400 `unsupported_parameter` where it is really asked for. */
  readonly refuse?: readonly string[]
}

export interface ResolvedQuirks {
  readonly capabilities: Capabilities
  readonly drop: ReadonlySet<string>
  readonly refuse: ReadonlySet<string>
}

/**
 * The upstream's quirks, its model's over them, the connection's overrides over both. An override may also name a
 * parameter: true lets it through, false refuses it. Overrides of another type than the switch's are passed over.
 */
export function resolveQuirks(
  upstream: Quirks,
  model: ModelRule | null,
  overrides: Overrides['capabilities'] = {},
): ResolvedQuirks {
  const capabilities: Record<string, unknown> = {
    ...anyCapabilities,
    ...upstream.capabilities,
    ...model?.capabilities,
  }
  const drop = new Set([...(upstream.drop ?? []), ...(model?.drop ?? [])])
  const refuse = new Set([...(upstream.refuse ?? []), ...(model?.refuse ?? [])])
  for (const [name, value] of Object.entries(overrides)) {
    if (Object.hasOwn(capabilities, name)) {
      if (typeof capabilities[name] === typeof value) capabilities[name] = value
    } else if (typeof value === 'boolean') {
      drop.delete(name)
      if (value) refuse.delete(name)
      else refuse.add(name)
    }
  }
  return { capabilities: capabilities as unknown as Capabilities, drop, refuse }
}
