/** Bounds of one evaluation. JSONata has bounds of its own for time, depth and sequences, not for memory. */
export interface EvaluatorLimits {
  /** JSONata's own check, between two steps; the pool's deadline holds where a single step takes longer. */
  readonly timeoutMs: number
  /** Steps within steps. */
  readonly maxDepth: number
  /** Members of one sequence. */
  readonly maxItems: number
  /** Characters and members of any one value, beyond twice the input's own. */
  readonly maxUnits: number
  /** Characters of one expression. */
  readonly maxSource: number
  /** Compiled expressions kept. */
  readonly maxCompiled: number
}

export const evaluatorLimits: EvaluatorLimits = {
  timeoutMs: 250,
  maxDepth: 500,
  maxItems: 100_000,
  maxUnits: 1_000_000,
  maxSource: 32_768,
  maxCompiled: 256,
}

/** What a single evaluation may make: the bounds, with the size of its input counted in. */
export interface Budget {
  readonly maxUnits: number
  readonly maxItems: number
}

/** An expression that went over a bound. `position` is added by JSONata, as to its own errors. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
}
