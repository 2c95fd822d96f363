import type { LineCounter, YAMLError } from 'yaml'
import type { Fault } from './fault.ts'

/** By code, since a parser's own words quote what it read. */
const messages: Partial<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias may have neither an anchor nor a tag',
  BAD_ALIAS: 'this anchor or alias has no proper name',
  BAD_COLLECTION_TYPE: 'this tag does not fit the value',
  BAD_DIRECTIVE: 'this directive is unknown',
  BAD_DQ_ESCAPE: 'this backslash escape is unknown; single quotes take backslashes as they are',
  BAD_INDENT: 'the indentation does not fit the lines around it, or a bracket is not closed',
  BAD_SCALAR_START: 'a value that begins so must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a value that holds ": " must be in quotes',
  BLOCK_IN_FLOW: 'inside { } and [ ] lists and maps must be written with brackets too',
  KEY_OVER_1024_CHARS: 'the key is too long',
  MISSING_CHAR: 'a quote, comma, colon or space is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line, with its colon',
  MULTIPLE_DOCS: 'there may be only one document in the file',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'tabs may not indent; use spaces',
  TAG_RESOLVE_FAILED: 'this tag is unknown',
}

/** The faults of a text that is no proper YAML: the first of each line, since what follows it is mostly its echo. */
export function yamlFaults(text: string, lines: LineCounter, errors: readonly YAMLError[]): Fault[] {
  const byLine = new Map<number, Fault>()
  for (const { code, pos } of errors) {
    const [start] = pos
    const { line, col } = lines.linePos(start)
    const isSubstitution = text[start] === '{' && text[start - 1] === '$'
    const message = isSubstitution
      ? '${…} inside { } and [ ] must be in quotes'
      : (messages[code] ?? 'this is not YAML')
    if (!byLine.has(line)) byLine.set(line, { line, column: col, path: '', message })
  }
  return [...byLine.values()]
}
