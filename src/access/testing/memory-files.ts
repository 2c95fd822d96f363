import type { ReadFile } from '../watched-file.ts'

/** Files in memory whose version changes whenever they are written. */
export interface MemoryFiles {
  readonly readFile: ReadFile
  /** How often a file was looked at. */
  readonly looks: () => number
  write(path: string, text: string): void
  remove(path: string): void
}

export function createMemoryFiles(initial: Readonly<Record<string, string>> = {}): MemoryFiles {
  const files = new Map<string, { text: string; version: string }>()
  let writes = 0
  let looks = 0
  const write = (path: string, text: string) => {
    writes += 1
    files.set(path, { text, version: String(writes) })
  }
  for (const [path, text] of Object.entries(initial)) write(path, text)
  return {
    readFile: async (path, known) => {
      looks += 1
      const file = files.get(path)
      if (file === undefined) throw new Error(`no file ${path}`)
      return file.version === known ? null : file
    },
    looks: () => looks,
    write,
    remove: (path) => files.delete(path),
  }
}
