import type { Connection } from '../../core/entities.ts'
import { type CapabilityTable, resolveCapabilities } from '../shared/capabilities.ts'

/** What a Cohere model takes and refuses; the names are those of `overrides.capabilities`. */
export interface CohereCapabilities {
  /** Takes `thinking`. */
  readonly reasoning: boolean
  /** Takes image parts. */
  readonly images: boolean
  /** Takes `tool_choice`. */
  readonly tool_choice: boolean
  /** Takes `frequency_penalty` and `presence_penalty` in one request. */
  readonly both_penalties: boolean
  /** Lengths of its embeddings; a single one is not sent, none is whatever the client asks for. */
  readonly dimensions: string
  /** What its embeddings are for, where the client does not say. */
  readonly input_type: string
}

const textOnly = { images: false }

/**
 * Providers' facts §10.2 and §10.6; which models see, think and take `tool_choice`, and the lengths of the older
 * embeddings, by Cohere's pages on its models. A name without a row is a newer model.
 */
export const cohereModels: CapabilityTable<CohereCapabilities> = {
  base: {
    reasoning: false,
    images: true,
    tool_choice: true,
    both_penalties: false,
    dimensions: '',
    input_type: 'search_document',
  },
  rows: [
    ['vision', {}],
    ['reasoning', { ...textOnly, reasoning: true }],
    ['command-a-03', textOnly],
    ['command-a-translate', textOnly],
    ['command-r7b', textOnly],
    ['command-r', { ...textOnly, tool_choice: false }],
    ['aya-expanse', textOnly],
    ['embed-v4', { dimensions: '256 512 1024 1536' }],
    ['light-v3', { dimensions: '384' }],
    ['english-v3', { dimensions: '1024' }],
    ['multilingual-v3', { dimensions: '1024' }],
    ['light-v2', { dimensions: '1024' }],
    ['english-v2', { dimensions: '4096' }],
    ['multilingual-v2', { dimensions: '768' }],
  ],
}

/** The table's row of a connection's model, with the connection's own switches over it. */
export function capabilitiesOf({ modelName, overrides }: Connection): CohereCapabilities {
  return resolveCapabilities(cohereModels, modelName, overrides.capabilities)
}
