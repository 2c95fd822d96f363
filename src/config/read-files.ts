import { withDeadline } from '../access/deadline.ts'
import type { ReadFile } from '../access/watched-file.ts'
import type { FileTexts } from './substitute.ts'

export type FileText = { readonly text: string } | { readonly fault: string }

/** Reads files for one load of the configuration, each once, and remembers what state they were in. */
export interface FileReader {
  read(path: string): Promise<FileText>
  readAll(paths: readonly string[]): Promise<FileTexts>
  /** By path: the version that was read; null where the file could not be read. */
  readonly versions: ReadonlyMap<string, string | null>
}

export function createFileReader({
  readFile,
  timeoutMs = 5_000,
}: {
  readFile: ReadFile
  timeoutMs?: number
}): FileReader {
  const versions = new Map<string, string | null>()
  const texts = new Map<string, FileText>()

  async function readAnew(path: string): Promise<FileText> {
    try {
      const read = await withDeadline(timeoutMs, () => readFile(path, null))
      versions.set(path, read?.version ?? null)
      return { text: read?.text ?? '' }
    } catch (error) {
      versions.set(path, null)
      return { fault: `cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}` }
    }
  }

  async function read(path: string): Promise<FileText> {
    const text = texts.get(path) ?? (await readAnew(path))
    texts.set(path, text)
    return text
  }

  return {
    read,
    async readAll(paths) {
      for (const path of paths) await read(path)
      return texts
    },
    versions,
  }
}
