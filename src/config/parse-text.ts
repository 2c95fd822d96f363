import { LineCounter, parseDocument, visit, type Node } from 'yaml'
import type { Fault } from './fault.ts'
import type { Place } from './places.ts'
import { readTree, type Tree } from './read-tree.ts'
import { filesNamedIn, type Environment, type FileTexts } from './substitute.ts'
import { yamlFaults } from './yaml-faults.ts'

export interface ParsedText {
  /** The files that values name as `${file:…}`. */
  readonly files: readonly string[]
  /** Fills everything in. */
  read(environment: Environment, files: FileTexts): Tree
}

export interface ParseOptions {
  text: string
  /** Keys whose values no message may hold. */
  secretKeys: ReadonlySet<string>
}

/** Parses YAML. Faults of its syntax come alone: nothing that follows from a misread text can be trusted. */
export function parseText({ text, secretKeys }: ParseOptions): ParsedText | { faults: Fault[] } {
  const lines = new LineCounter()
  // Keys that are there twice are found by readTree, which can name them.
  const options = { prettyErrors: false, lineCounter: lines, uniqueKeys: false, stringKeys: true } as const
  const document = parseDocument(text, options)
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) return { faults: yamlFaults(text, lines, broken) }
  const files = new Set<string>()
  visit(document, {
    Scalar(position, { value }) {
      if (position === 'key' || typeof value !== 'string') return
      for (const file of filesNamedIn(value)) files.add(file)
    },
  })
  const placeOf = (node: Node): Place => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0)
    return { line, column: col }
  }
  return {
    files: [...files],
    read: (environment, texts) =>
      readTree({ document, placeOf, fill: { environment, files: texts }, secretKeys }),
  }
}
