import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

export interface Target {
  readonly expr: string
  readonly legendFormat: string
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

/** A query, and where it stands. */
export interface Query {
  readonly where: string
  readonly expression: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
export const prometheusFolder = join(root, 'deploy/prometheus')
export const grafanaFolder = join(root, 'deploy/grafana')
const dashboardFolder = join(grafanaFolder, 'dashboards')

export const ruleFiles = readdirSync(prometheusFolder).filter((name) => name.endsWith('.rules.yml'))
export const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8')
export const design = readFileSync(join(root, 'docs/design.md'), 'utf8')

export const rules: readonly Rule[] = ruleFiles.flatMap((name) =>
  (parse(readFileSync(join(prometheusFolder, name), 'utf8')) as RuleFile).groups.flatMap(
    (group) => group.rules,
  ),
)
export const alerts = rules.flatMap(({ alert, annotations = {}, labels = {} }) =>
  alert === undefined ? [] : [{ alert, annotations, labels }],
)

export const dashboards: readonly Dashboard[] = readdirSync(dashboardFolder).map(
  (name) => JSON.parse(readFileSync(join(dashboardFolder, name), 'utf8')) as Dashboard,
)

/** Grafana's variables as it would fill them in: all of everything, and a window that any scrape interval fits in. */
export function filledIn(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '1h')
    .replaceAll(/"\$\w+"/g, '".*"')
}

export const ruleQueries: readonly Query[] = rules.map(({ alert, record, expr }) => ({
  where: alert ?? record ?? '',
  expression: expr,
}))

export const dashboardQueries: readonly Query[] = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ expr }) => ({
      where: `${title}: ${panel.title}`,
      expression: filledIn(expr),
    })),
  ),
)

/** One on each line of the runbook's blocks of PromQL. */
export const runbookQueries: readonly Query[] = [...runbook.matchAll(/```promql\n([^`]+)```/g)].flatMap(
  ([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map((expression) => ({ where: 'docs/runbook.md', expression })),
)
