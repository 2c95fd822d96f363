/** The environment as the configuration sees it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The text of a file, or why it cannot be read. */
export type FileTexts = ReadonlyMap<string, { readonly text: string } | { readonly fault: string }>

export interface Substituted {
  readonly text: string
  /** What came from the environment and from files: it may be secret. */
  readonly values: readonly string[]
  /** Sentences without full stops. */
  readonly faults: readonly string[]
}

// `$${` first, so that an escaped opening is never taken for one.
const PATTERN = /\$\$\{|\$\{([^}]*)\}|\$\{/g
const VARIABLE = /^([A-Za-z_]\w*)(?::-(.*))?$/s
const FILE = /^file:(.+)$/s

/** Whether a scalar has anything to substitute. */
export function hasSubstitution(text: string): boolean {
  return text.includes('${')
}

/** The files that a scalar names as `${file:…}`. */
export function filesNamedIn(text: string): string[] {
  return [...text.matchAll(PATTERN)].flatMap(([, inner = '']) => FILE.exec(inner)?.[1] ?? [])
}

/**
 * Fills in one scalar: `${NAME}`, `${NAME:-default}` (for a variable that is unset or empty) and `${file:/path}`
 * (without the line's end that files have); `$${` is a `${` as it stands. What is filled in is not looked at again.
 */
export function substitute(scalar: string, environment: Environment, files: FileTexts): Substituted {
  const values: string[] = []
  const faults: string[] = []

  function kept(value: string): string {
    values.push(value)
    return value
  }

  function filled(inner: string | undefined): string {
    const path = FILE.exec(inner ?? '')?.[1]
    if (path !== undefined) {
      const file = files.get(path) ?? { fault: 'was not read' }
      if ('text' in file) return kept(file.text.replace(/\r?\n$/, ''))
      faults.push(`the file ${path} ${file.fault}`)
      return ''
    }
    const [, name, fallback] = VARIABLE.exec(inner ?? '') ?? []
    if (name === undefined) {
      faults.push('${…} must be ${NAME}, ${NAME:-default} or ${file:/path}; write $${ for a plain ${')
      return ''
    }
    const value = environment[name]
    if (value !== undefined && value !== '') return kept(value)
    if (value === undefined && fallback === undefined) faults.push(`${name} is not set in the environment`)
    return fallback ?? ''
  }

  const text = scalar.replaceAll(PATTERN, (whole, inner: string | undefined) =>
    whole === '$${' ? '${' : filled(inner),
  )
  return { text, values, faults }
}
