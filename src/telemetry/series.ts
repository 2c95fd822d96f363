import type { Metric, Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string>>

/** One line of the exposition; `metricName` where it is not the metric's own (`_bucket`, `_sum`, `_count`). */
export interface Sample {
  readonly value: number
  readonly labels: Labels | { readonly le: number | '+Inf' }
  /** Further labels, by one object for all scrapes: prom-client keeps their text beside it. */
  readonly sharedLabels?: Labels
  readonly metricName?: string
}

export interface Exposition {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'histogram'
  readonly samples: () => Sample[]
}

/**
 * Adds a metric whose values are counted here and read at each scrape. prom-client's own counters and histograms build
 * and hash a string of all labels at every call, a dozen calls a request: 3.4 µs against 0.5 µs this way.
 */
export function expose(registry: Registry, { name, help, type, samples }: Exposition): void {
  const aggregator = 'sum'
  const get = async () => ({ name, help, type, aggregator, values: samples() })
  // All that a registry asks of a metric are its name and this.
  registry.registerMetric({ name, help, type, aggregator, get } as unknown as Metric)
}

/** Series by their label values, each made at first use. */
export interface SeriesMap<Series> {
  of(key: string, open: () => Series): Series
  all(): Iterable<Series>
  retain(keeps: (labels: Labels) => boolean): void
}

export function createSeriesMap<Series extends { readonly labels: Labels }>(): SeriesMap<Series> {
  const series = new Map<string, Series>()
  return {
    of: (key, open) => {
      const found = series.get(key)
      if (found !== undefined) return found
      const opened = open()
      series.set(key, opened)
      return opened
    },
    all: () => series.values(),
    retain: (keeps) => {
      for (const [key, { labels }] of series) if (!keeps(labels)) series.delete(key)
    },
  }
}

/** A histogram's counts for one set of labels. Buckets are kept apart here and summed up when read. */
export interface Distribution {
  observe(value: number): void
  readonly count: number
  samples(name: string, labels: Labels): Sample[]
}

export function createDistribution(bounds: readonly number[]): Distribution {
  const counts = new Float64Array(bounds.length)
  let count = 0
  let sum = 0
  return {
    observe: (value) => {
      let index = 0
      while (index < bounds.length && value > (bounds[index] as number)) index++
      if (index < bounds.length) counts[index] = (counts[index] as number) + 1
      count++
      sum += value
    },
    get count() {
      return count
    },
    samples: (name, sharedLabels) => {
      let total = 0
      const metricName = `${name}_bucket`
      const buckets: Sample[] = bounds.map((le, index) => {
        total += counts[index] as number
        return { metricName, sharedLabels, labels: { le }, value: total }
      })
      return [
        ...buckets,
        { metricName, sharedLabels, labels: { le: '+Inf' }, value: count },
        { metricName: `${name}_sum`, sharedLabels, labels: {}, value: sum },
        { metricName: `${name}_count`, sharedLabels, labels: {}, value: count },
      ]
    },
  }
}
