/** Something wrong with the configuration. */
export interface Fault {
  /** From 1; null: it is not the file's text that is at fault (the environment, or a file that cannot be read). */
  readonly line: number | null
  readonly column: number | null
  /** The key, as `models[0].connections[1].weight`; the variable, where the environment is at fault; '' for the file. */
  readonly path: string
  /** A whole sentence without its full stop, which never holds a secret. */
  readonly message: string
}

/** One line per fault, as compilers write them: `config/modelgate.yaml:4:17: upstream.max_attempts: …`. */
export function formatFaults(file: string, faults: readonly Fault[]): string {
  return faults
    .map(({ line, column, path, message }) =>
      [line === null ? file : `${file}:${line}:${column}`, ...(path === '' ? [] : [path]), message].join(
        ': ',
      ),
    )
    .join('\n')
}

/** In the order of the file, what has no place in it first; each once. */
export function inOrder(faults: readonly Fault[]): Fault[] {
  const sorted = faults.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  )
  const seen = new Set<string>()
  return sorted.filter((fault) => {
    const text = JSON.stringify(fault)
    return !seen.has(text) && seen.add(text)
  })
}

/** `['models', 0, 'name']` → `models[0].name`. */
export function shownPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}
