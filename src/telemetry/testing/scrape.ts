import { createMetrics, type Metrics, type MetricsOptions } from '../metrics.ts'
import { parseExposition, type ParsedFamily } from './exposition.ts'

/** Nothing runs in the background of these, so that they need no closing. */
export function openMetrics(options: Partial<MetricsOptions> = {}): Metrics {
  return createMetrics({ version: '1.2.3', withProcess: false, ...options })
}

export async function scrape(metrics: Metrics): Promise<ReadonlyMap<string, ParsedFamily>> {
  return parseExposition(await metrics.render())
}

/** The sum over all series that have these labels; null where there is none. */
export async function valueOf(
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | null> {
  const family = (await scrape(metrics)).get(name.replace(/_(?:bucket|sum|count)$/, ''))
  const found = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  return found.length === 0 ? null : found.reduce((total, { value }) => total + value, 0)
}

export async function countSeries(metrics: Metrics): Promise<number> {
  return [...(await scrape(metrics)).values()].reduce((total, { samples }) => total + samples.length, 0)
}
