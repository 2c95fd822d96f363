import type { z } from 'zod'
import { fieldLabel, issueText } from '../registry/schema/issue-text.ts'
import { shownPath, type Fault } from './fault.ts'
import type { Tree } from './read-tree.ts'
import type { FileConfig, FileSchema } from './schema.ts'

type Issue = z.core.$ZodIssue

/** Checks a tree against the schema; the faults are all there are, those of the tree included. */
export function checkTree(schema: FileSchema, tree: Tree): { file: FileConfig } | { faults: Fault[] } {
  const parse = () => schema.safeParse(tree.root, { error: issueText, reportInput: false })
  let result = parse()
  const repaired = result.error?.issues.filter((issue) => repair(tree, issue)) ?? []
  if (repaired.length > 0) result = parse()
  if (result.success && tree.faults.length === 0) return { file: result.data }
  const known = new Set(tree.faults.map(({ path }) => path))
  const found = result.error?.issues.flatMap((issue) => faultsOf(tree, issue)) ?? []
  const faults = [...tree.faults, ...found.filter(({ path }) => !known.has(path))]
  const hide = hiding(tree.hidden)
  return { faults: faults.map((fault) => ({ ...fault, message: hide(fault.message) })) }
}

const mendable: readonly string[] = ['invalid_type', 'invalid_value', 'invalid_union']

/**
 * Mends what only the schema can show to need it: a key without a value is as if it were not there, and text that was
 * filled in is a number or a boolean where one is wanted.
 */
function repair(tree: Tree, { code, path, ...issue }: Issue): boolean {
  const key = path.at(-1)
  if (!mendable.includes(code) || key === undefined) return false
  const container = path.slice(0, -1).reduce(memberOf, tree.root)
  const value = memberOf(container, key)
  if (value === null && !Array.isArray(container)) {
    return Reflect.deleteProperty(container as object, key)
  }
  if (typeof value !== 'string' || !tree.filledIn.has(shownPath(path))) return false
  // Of what a union takes only `true` and `false` are not text anyway.
  const wanted = read(value.trim(), 'expected' in issue ? String(issue.expected) : 'boolean')
  return wanted !== undefined && Reflect.set(container as object, key, wanted)
}

function memberOf(value: unknown, step: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<PropertyKey, unknown>)[step]
    : undefined
}

function read(text: string, expected: string): number | boolean | undefined {
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  const isNumber = expected === 'number' || expected === 'int'
  return isNumber && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined
}

function faultsOf({ places }: Tree, issue: Issue): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      return {
        ...nowhere,
        ...places.ofKey(path),
        path: shownPath(path),
        message: `unknown key ${quoted(key)}`,
      }
    })
  }
  const isSentence = issue.code === 'custom' && issue.params !== undefined
  const message = isSentence ? issue.message : `${fieldLabel(issue.path)} ${issue.message}`
  return [{ ...nowhere, ...places.ofValue(issue.path), path: shownPath(issue.path), message }]
}

const nowhere = { line: 1, column: 1 }

function quoted(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key)
}

/** Shorter texts are no secrets, and would be found in any sentence. */
const SHORTEST_SECRET = 4

/** Messages name what entities are called, and a secret may have been put where a name belongs. */
function hiding(secrets: ReadonlySet<string>): (message: string) => string {
  const spellings = [...secrets]
    .flatMap((secret) => [secret.trim(), JSON.stringify(secret.trim()).slice(1, -1)])
    .filter((spelling) => spelling.length >= SHORTEST_SECRET)
    // The longest first: what is left of one around another would still be told.
    .toSorted((one, other) => other.length - one.length)
  const hidden = new Map<string, string>()
  return (message) => {
    const known = hidden.get(message)
    if (known !== undefined) return known
    const text = spellings.reduce((shown, spelling) => shown.replaceAll(spelling, '[hidden]'), message)
    hidden.set(message, text)
    return text
  }
}
