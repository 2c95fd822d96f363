export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly ParsedSample[]
}

interface OpenFamily {
  readonly name: string
  readonly help: string
  type: string
  readonly samples: ParsedSample[]
}

const header = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y
const number = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i

/**
 * Reads Prometheus's text format 0.0.4 and throws at the first line a scraper could refuse: syntax, a family that is
 * not in one piece, a series that is there twice, a histogram that does not add up.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, OpenFamily>()
  const seen = new Set<string>()
  let current: OpenFamily | null = null
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, word, name = '', rest = ''] = header.exec(line) ?? []
    if (word === 'HELP') {
      if (families.has(name)) throw new Error(`${name} is there twice`)
      current = { name, help: rest, type: '', samples: [] }
      families.set(name, current)
      continue
    }
    if (current === null) throw new Error(`outside any family: ${line}`)
    if (word === 'TYPE') {
      if (current.name !== name || current.type !== '') throw new Error(`out of place: ${line}`)
      current.type = rest
      continue
    }
    const sample = parseSample(line)
    const suffix = sample.name.slice(current.name.length)
    const isOwn = sample.name.startsWith(current.name) && suffixesOf(current.type).includes(suffix)
    if (!isOwn) throw new Error(`outside its family: ${line}`)
    const series = seriesOf(sample)
    if (seen.has(series)) throw new Error(`twice: ${line}`)
    seen.add(series)
    current.samples.push(sample)
  }
  for (const family of families.values()) checkFamily(family)
  return families
}

function suffixesOf(type: string): readonly string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
}

function parseSample(line: string): ParsedSample {
  const [, name = '', pairs = '', value = ''] = sampleLine.exec(line) ?? []
  if (name === '' || !number.test(value)) throw new Error(`not a sample: ${line}`)
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < pairs.length) {
    const found = labelPair.exec(pairs)
    if (found === null) throw new Error(`labels: ${line}`)
    const [, label = '', text = ''] = found
    if (label in labels) throw new Error(`label twice: ${line}`)
    labels[label] = text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function seriesOf({ name, labels }: ParsedSample): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))])
}

function checkFamily({ name, type, samples }: ParsedFamily): void {
  if (!['counter', 'gauge', 'histogram'].includes(type)) throw new Error(`${name} has the type ${type}`)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is negative`)
  if (type !== 'histogram') return
  const sets = Map.groupBy(samples, ({ labels }) =>
    seriesOf({ name, labels: { ...labels, le: '' }, value: 0 }),
  )
  for (const set of sets.values()) checkHistogram(name, set)
}

function checkHistogram(name: string, set: readonly ParsedSample[]): void {
  const buckets = set.filter((sample) => sample.name === `${name}_bucket`)
  const [sum, count] = ['_sum', '_count'].map((suffix) => set.find((sample) => sample.name === name + suffix))
  const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')))
  const isGrowing = (values: readonly number[], strictly: boolean) =>
    values.every((value, index) => {
      const before = index === 0 ? -Infinity : (values[index - 1] as number)
      return strictly ? value > before : value >= before
    })
  const counts = buckets.map(({ value }) => value)
  if (sum === undefined || count === undefined) throw new Error(`${name} has no sum or count`)
  if (!isGrowing(bounds, true) || bounds.at(-1) !== Infinity)
    throw new Error(`${name}: bounds ${bounds.join(' ')}`)
  if (!isGrowing(counts, false) || counts.at(-1) !== count.value)
    throw new Error(`${name}: counts ${counts.join(' ')}`)
}
