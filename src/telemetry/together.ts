import { setImmediate as nextTurn } from 'node:timers/promises'

/** How what several processes tell of one thing becomes one number. */
export type Way = 'sum' | 'max' | 'min'

/**
 * Of gauges; counters and histograms are summed. A state that any process is in shows (`max`), as does the worst of what
 * is measured; what each process has of its own adds up.
 */
export const gaugeWays: Readonly<Record<string, Way>> = {
  modelgate_inflight_requests: 'sum',
  modelgate_connection_state: 'max',
  modelgate_redis_up: 'min',
  modelgate_snapshot_age_seconds: 'max',
  modelgate_credential_age_seconds: 'max',
  modelgate_credential_expires_seconds: 'min',
  modelgate_credential_status: 'max',
  modelgate_health_last_check_timestamp_seconds: 'max',
  modelgate_draining: 'max',
  modelgate_build_info: 'max',
  modelgate_workers: 'max',
  process_start_time_seconds: 'min',
  process_resident_memory_bytes: 'sum',
  process_virtual_memory_bytes: 'sum',
  process_heap_bytes: 'sum',
  process_open_fds: 'sum',
  process_max_fds: 'min',
  nodejs_eventloop_lag_seconds: 'max',
  nodejs_eventloop_lag_min_seconds: 'min',
  nodejs_eventloop_lag_max_seconds: 'max',
  nodejs_eventloop_lag_mean_seconds: 'max',
  nodejs_eventloop_lag_stddev_seconds: 'max',
  nodejs_eventloop_lag_p50_seconds: 'max',
  nodejs_eventloop_lag_p90_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max',
  nodejs_active_resources: 'sum',
  nodejs_active_handles: 'sum',
  nodejs_active_requests: 'sum',
  nodejs_heap_size_total_bytes: 'sum',
  nodejs_heap_size_used_bytes: 'sum',
  nodejs_external_memory_bytes: 'sum',
  nodejs_heap_space_size_total_bytes: 'sum',
  nodejs_heap_space_size_used_bytes: 'sum',
  nodejs_heap_space_size_available_bytes: 'sum',
  nodejs_version_info: 'max',
}

interface Family {
  readonly head: string[]
  readonly type: string
  /** Values by what stands before them, name and labels; every process writes labels in the same order. */
  readonly samples: Map<string, number>
}
type Families = Map<string, Family>

/** What several processes of one gateway count, as if it were one; those that have ended included. */
export interface Totals {
  /** The last exposition of a process that has ended: what it counted stays, its gauges go. */
  retire(text: string): void
  /** One exposition of those that are there. */
  render(texts: readonly string[]): Promise<string>
}

export interface TotalsOptions {
  /** Of processes that have ended; more are forgotten, which a reader takes for a restart. */
  readonly maxRetiredSeries?: number
}

export function createTotals({ maxRetiredSeries = 100_000 }: TotalsOptions = {}): Totals {
  const retired: Families = new Map()
  let series = 0

  return {
    retire(text) {
      for (const [name, family] of parse(text)) {
        if (family.type === 'gauge') continue
        const kept = familyOf(retired, name, family)
        for (const [key, value] of family.samples) {
          const known = kept.samples.get(key)
          if (known === undefined && ++series > maxRetiredSeries) continue
          kept.samples.set(key, (known ?? 0) + value)
        }
      }
    },
    async render(texts) {
      const whole: Families = new Map()
      add(whole, retired)
      for (const text of texts) {
        add(whole, parse(text))
        await nextTurn()
      }
      return `${Array.from(whole.values(), print).join('\n\n')}\n`
    },
  }
}

function familyOf(families: Families, name: string, { head, type }: Family): Family {
  const known = families.get(name)
  if (known !== undefined) return known
  const made = { head, type, samples: new Map<string, number>() }
  families.set(name, made)
  return made
}

function add(whole: Families, part: Families): void {
  for (const [name, family] of part) {
    const { samples } = familyOf(whole, name, family)
    const way = family.type === 'gauge' ? (gaugeWays[name] ?? 'max') : 'sum'
    for (const [key, value] of family.samples) samples.set(key, joined(way, samples.get(key), value))
  }
}

/** Not a number: nothing was measured. */
function joined(way: Way, known: number | undefined, value: number): number {
  if (known === undefined || Number.isNaN(known)) return value
  if (Number.isNaN(value)) return known
  return way === 'sum' ? known + value : Math[way](known, value)
}

/** Of the text format what this gateway writes: families with `# HELP` and `# TYPE`, samples without timestamps. */
function parse(text: string): Families {
  const families: Families = new Map()
  let help: string[] = []
  let current: Family | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith('# HELP ')) help = [line]
    else if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ')
      current = familyOf(families, name, { head: [...help, line], type, samples: new Map() })
    } else if (line !== '' && !line.startsWith('#')) {
      const space = line.lastIndexOf(' ')
      current?.samples.set(line.slice(0, space), readNumber(line.slice(space + 1)))
    }
  }
  return families
}

function readNumber(text: string): number {
  const isInfinite = text.endsWith('Inf')
  return isInfinite ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)
}

function printNumber(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return `${value}`
  return value > 0 ? '+Inf' : '-Inf'
}

function print({ head, samples }: Family): string {
  return [...head, ...Array.from(samples, ([key, value]) => `${key} ${printNumber(value)}`)].join('\n')
}
