/** The middle of several figures, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which a share of all lies (0.5: the median), between two neighbours where it falls between them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** Median, lowest and highest; NaN where there is nothing. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), low: quantile(values, 0), high: quantile(values, 1) }
}

export type Comparison = 'ratio' | 'difference'

/** Figures against a base, each with that of its own round: what slowed a round down slowed both. */
export function compare(
  values: readonly number[],
  base: readonly number[],
  comparison: Comparison,
): readonly number[] {
  if (values.length !== base.length) throw new Error(`${values.length} rounds against ${base.length}`)
  return values.map((value, round) => {
    const other = base[round] ?? Number.NaN
    return comparison === 'ratio' ? value / other : value - other
  })
}
