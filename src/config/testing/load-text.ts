import { createMemoryFiles } from '../../access/testing/memory-files.ts'
import type { Provider } from '../../core/provider.ts'
import { createCatalogue } from '../../registry/testing/catalogue.ts'
import type { Fault } from '../fault.ts'
import { loadFile, type Config, type LoadResult } from '../load.ts'
import type { Environment } from '../substitute.ts'

export interface LoadTextOptions {
  environment?: Environment
  files?: Readonly<Record<string, string>>
  providers?: ReadonlyMap<string, Provider>
}

export const testPath = '/etc/modelgate.yaml'

/** Loads a configuration that is a text, with files in memory. */
export async function loadText(
  text: string,
  { environment = {}, files = {}, providers = createCatalogue() }: LoadTextOptions = {},
): Promise<LoadResult> {
  const { readFile } = createMemoryFiles({ ...files, [testPath]: text })
  return loadFile({ path: testPath, environment, readFile, providers })
}

/** The configuration; throws with its faults where it has any. */
export async function configOf(text: string, options: LoadTextOptions = {}): Promise<Config> {
  const result = await loadText(text, options)
  if ('config' in result) return result.config
  throw new Error(JSON.stringify(result.faults))
}

export async function faultsOf(text: string, options: LoadTextOptions = {}): Promise<readonly Fault[]> {
  const result = await loadText(text, options)
  return 'faults' in result ? result.faults : []
}

/** `line: path: message` of each. */
export async function linesOf(text: string, options: LoadTextOptions = {}): Promise<string[]> {
  return (await faultsOf(text, options)).map(({ line, path, message }) => `${line}: ${path}: ${message}`)
}
