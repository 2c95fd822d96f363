import type { Connection } from '../../core/entities.ts'
import { type CapabilityTable, resolveCapabilities } from '../shared/capabilities.ts'
import { usesVertex } from './hosts.ts'

/** What a Gemini or Gemma model takes; the names are those of `overrides.capabilities`. */
export interface GeminiCapabilities {
  /** False: system messages stand at the head of the first user turn. */
  readonly system_instruction: boolean
  readonly tools: boolean
  /** Takes `responseMimeType: application/json`, and schemas beside it. */
  readonly json_mode: boolean
  /** Takes both a JSON answer and tools in one request. */
  readonly json_with_tools: boolean
  /**
   * Which of Google's two forms schemas are sent in: `auto` is the OpenAPI subset where it can say the same, else
   * JSON schema; `json` and `openapi` are always the one.
   */
  readonly schemas: string
  /** How thinking is asked for: by `level`, by a `budget` of tokens, or not at all (`none`). */
  readonly thinking: string
  /** OpenAI's words among the levels. */
  readonly levels: string
  /** Tokens; 0 turns thinking off. */
  readonly min_budget: number
  readonly max_budget: number
  readonly penalties: boolean
  readonly logprobs: boolean
  readonly max_candidates: number
  /** Stands for the signature of a replayed call that has none (providers' facts §8.3); empty: none is needed. */
  readonly missing_signature: string
  /** Takes images and files within a function's response. */
  readonly media_in_results: boolean
  /** Takes ids on calls and responses. */
  readonly call_ids: boolean
  /** Fetches https URLs by itself, where their name tells the type. */
  readonly file_urls: boolean
}

const newest: GeminiCapabilities = {
  system_instruction: true,
  tools: true,
  json_mode: true,
  json_with_tools: true,
  schemas: 'auto',
  thinking: 'level',
  levels: 'minimal low medium high',
  min_budget: 0,
  max_budget: 24_576,
  penalties: false,
  logprobs: true,
  max_candidates: 8,
  missing_signature: 'skip_thought_signature_validator',
  media_in_results: true,
  call_ids: true,
  file_urls: false,
}
const generation2 = { json_with_tools: false, missing_signature: '', media_in_results: false }
const generation25 = { ...generation2, thinking: 'budget' }
const unthinking = { ...generation2, thinking: 'none', penalties: true }
const gemma = {
  ...unthinking,
  system_instruction: false,
  penalties: false,
  logprobs: false,
  max_candidates: 1,
}

/** Providers' facts §8.2, §8.3. A name without a row is a newer Gemini. */
export const geminiModels: CapabilityTable<GeminiCapabilities> = {
  base: newest,
  rows: [
    ['gemini-3-pro', { levels: 'low high' }],
    ['gemini-3.1-pro', { levels: 'low medium high' }],
    ['gemini-3', {}],
    ['gemini-2.5-pro', { ...generation25, min_budget: 128, max_budget: 32_768 }],
    ['gemini-2.5-flash-image', { ...generation25, thinking: 'none', tools: false }],
    ['gemini-2.5', generation25],
    ['gemini-2.0', unthinking],
    ['gemini-1', { ...unthinking, schemas: 'openapi' }],
    ['gemma-2', { ...gemma, tools: false, json_mode: false }],
    ['gemma-3', { ...gemma, tools: false, json_mode: false }],
    ['gemma', gemma],
  ],
}

/** Providers' facts §9.3; only the Gemini API itself refuses penalties. */
const onVertex = { penalties: true, call_ids: false, file_urls: true }

/** The table's row of a connection's model, with what is different on Vertex AI and the connection's own switches over it. */
export function capabilitiesOf(connection: Connection): GeminiCapabilities {
  const ofTheHost = usesVertex(connection.credential) ? onVertex : {}
  return resolveCapabilities(geminiModels, connection.modelName, ofTheHost, connection.overrides.capabilities)
}
