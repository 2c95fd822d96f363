import { parseExposition } from '../../src/telemetry/testing/exposition.ts'

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** What a page of metrics says there is. */
export function seriesOf(exposition: string): Series[] {
  return [...parseExposition(exposition).values()].flatMap(({ samples }) =>
    samples.map(({ name, labels }) => ({ name, labels })),
  )
}

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

interface Selector {
  readonly at: number
  readonly name: string
  readonly matchers: readonly Matcher[]
}

interface Grouping {
  readonly word: string
  readonly labels: readonly string[]
  /** The tokens it groups: the first, and the one after the last. */
  readonly from: number
  readonly to: number
}

export interface Reading {
  readonly selectors: readonly Selector[]
  readonly groupings: readonly Grouping[]
}

/** What a scrape adds to every series. */
const targetLabels = ['namespace', 'job', 'instance']
const aggregations = new Set(
  'sum min max avg group stddev stdvar count count_values bottomk topk quantile'.split(' '),
)
const aggregating = new Set(['by', 'without'])
const matching = new Set(['on', 'ignoring', 'group_left', 'group_right'])
const operators = new Set(['and', 'or', 'unless', 'bool', 'offset', 'atan2', 'inf', 'nan'])
const token =
  /\s+|("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*|\d[\w.]*|=~|!~|!=|==|<=|>=|[-+*/%^<>=(){},])/y

/**
 * The selectors and groupings of a PromQL expression. It is no parser: whether an expression is one is Prometheus's to
 * say. Throws at what it cannot read, so that nothing is passed over.
 */
export function readExpression(expression: string): Reading {
  const tokens = tokensOf(expression)
  const selectors: Selector[] = []
  const groupings: Grouping[] = []
  for (let index = 0; index < tokens.length; index++) {
    const word = tokens[index] as string
    if (word === '{') throw new Error(`a selector without a name: ${expression}`)
    if (!/^[a-zA-Z_:]/.test(word) || operators.has(word) || aggregations.has(word)) continue
    if (aggregating.has(word) || matching.has(word)) {
      const { end, items } = listAt(tokens, index + 1)
      const scope = aggregating.has(word) ? scopeOf(tokens, index, end) : { from: 0, to: tokens.length }
      groupings.push({ word, labels: items, ...scope })
      index = end - 1
    } else if (tokens[index + 1] === '{') {
      const { end, matchers } = matchersAt(tokens, index + 1)
      selectors.push({ at: index, name: word, matchers })
      index = end - 1
    } else if (tokens[index + 1] !== '(') {
      selectors.push({ at: index, name: word, matchers: [] })
    }
  }
  return { selectors, groupings }
}

/** Names, labels and label values of an expression that no known series has; as sentences. */
export function faultsOf(expression: string, known: readonly Series[]): string[] {
  const { selectors, groupings } = readExpression(expression)
  const byName = Map.groupBy(known, ({ name }) => name)
  const hasLabel = (name: string, label: string) =>
    targetLabels.includes(label) || (byName.get(name) ?? []).some(({ labels }) => label in labels)
  const ofSelectors = selectors.flatMap(({ name, matchers }) => {
    const series = byName.get(name)
    if (series === undefined) return [`there is no ${name}`]
    const strange = matchers.filter(({ label }) => !hasLabel(name, label))
    if (strange.length > 0) return strange.map(({ label }) => `${name} has no label ${label}`)
    const own = matchers.filter(({ label }) => !targetLabels.includes(label))
    const isMet = series.some(({ labels }) => own.every((matcher) => meets(matcher, labels)))
    return isMet ? [] : [`no series of ${name} has ${own.map(textOf).join(', ')}`]
  })
  const ofGroupings = groupings.flatMap(({ labels, from, to }) =>
    selectors
      .filter(({ at, name }) => at >= from && at < to && byName.has(name))
      .flatMap(({ name }) => labels.map((label) => ({ name, label })))
      .filter(({ name, label }) => !hasLabel(name, label))
      .map(({ name, label }) => `${name} has no label ${label}`),
  )
  return [...new Set([...ofSelectors, ...ofGroupings])]
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < expression.length) {
    const at = token.lastIndex
    const found = token.exec(expression)
    if (found === null) throw new Error(`cannot read “${expression.slice(at, at + 20)}” in ${expression}`)
    if (found[1] !== undefined && !found[1].startsWith('[')) tokens.push(found[1])
  }
  return tokens
}

function listAt(tokens: readonly string[], open: number): { end: number; items: string[] } {
  const close = tokens.indexOf(')', open)
  if (tokens[open] !== '(' || close < 0) throw new Error(`no list of labels: ${tokens.join(' ')}`)
  return { end: close + 1, items: tokens.slice(open + 1, close).filter((item) => item !== ',') }
}

function matchersAt(tokens: readonly string[], open: number): { end: number; matchers: Matcher[] } {
  const close = tokens.indexOf('}', open)
  const inside = tokens.slice(open + 1, close).filter((item) => item !== ',')
  if (close < 0 || inside.length % 3 !== 0) throw new Error(`no matchers: ${tokens.join(' ')}`)
  const matchers = Array.from({ length: inside.length / 3 }, (_, index) => {
    const [label = '', operator = '', value = ''] = inside.slice(index * 3, index * 3 + 3)
    return { label, operator, value: JSON.parse(value) as string }
  })
  return { end: close + 1, matchers }
}

/** What an aggregation is of: the brackets after its labels, or before the word. */
function scopeOf(tokens: readonly string[], word: number, end: number): { from: number; to: number } {
  if (tokens[end] === '(') return { from: end, to: closing(tokens, end, 1) }
  return { from: closing(tokens, word - 1, -1), to: word }
}

function closing(tokens: readonly string[], start: number, step: 1 | -1): number {
  let depth = 0
  for (let index = start; index >= 0 && index < tokens.length; index += step) {
    if (tokens[index] === '(') depth += step
    if (tokens[index] === ')') depth -= step
    if (depth === 0) return index
  }
  throw new Error(`brackets do not close: ${tokens.join(' ')}`)
}

function meets({ label, operator, value }: Matcher, labels: Readonly<Record<string, string>>): boolean {
  const actual = labels[label] ?? ''
  const isEqual = operator.includes('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value
  return operator.startsWith('!') ? !isEqual : isEqual
}

function textOf({ label, operator, value }: Matcher): string {
  return `${label}${operator}"${value}"`
}
