import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readIfChanged } from './access/watched-file.ts'
import { loadFile, type LoadOptions, type LoadResult } from './config/load.ts'
import type { Environment } from './config/substitute.ts'

export type { Config, LoadResult } from './config/load.ts'

const USUAL = 'config/modelgate.yaml'

export interface FindOptions {
  environment?: Environment
  /** Where the process stands. */
  directory?: string
}

/**
 * Where the configuration is: `MODELGATE_CONFIG`, else `config/modelgate.yaml` below the working directory, else the
 * one that comes with the package.
 */
export function findConfig({
  environment = process.env,
  directory = process.cwd(),
}: FindOptions = {}): string {
  const named = environment['MODELGATE_CONFIG']?.trim()
  if (named) return named
  if (existsSync(resolve(directory, USUAL))) return USUAL
  return fileURLToPath(new URL(`../${USUAL}`, import.meta.url))
}

type Defaults = 'path' | 'environment' | 'readFile'

/** Reads the configuration: every fault at once, or all of it. Never rejects. */
export async function loadConfig({
  environment = process.env,
  path = findConfig({ environment }),
  readFile = readIfChanged,
  providers,
}: Partial<Pick<LoadOptions, Defaults>> & Omit<LoadOptions, Defaults>): Promise<LoadResult> {
  return loadFile({ path, environment, readFile, providers })
}
