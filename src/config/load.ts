import type { ReadFile } from '../access/watched-file.ts'
import type { Provider } from '../core/provider.ts'
import type { Secret } from '../core/secret.ts'
import type { MasterKey } from '../registry/master-key.ts'
import { readNamedFiles, type Certificate } from './certificate.ts'
import { checkTree } from './check-tree.ts'
import { readEnvironment, type FromEnvironment } from './environment.ts'
import { inOrder, type Fault } from './fault.ts'
import { parseText } from './parse-text.ts'
import { createFileReader } from './read-files.ts'
import { fileSchema, secretKeys, type FileConfig } from './schema.ts'
import type { Environment } from './substitute.ts'
import { templateFaults } from './template-faults.ts'

/** The configuration, complete: the file with its defaults, in the file's own words, and what the environment adds. */
export interface Config extends Omit<FileConfig, 'listen' | 'state'> {
  readonly listen: FileConfig['listen'] & { readonly host: string }
  readonly state: Omit<FileConfig['state'], 'redis'> & { readonly redis: RedisConfig }
  /** The texts of `listen.tls`; null: plain HTTP. */
  readonly certificate: Certificate | null
  /** `MODELGATE_ADMIN_TOKEN` */
  readonly admin_token: Secret | null
  /** `MODELGATE_MASTER_KEY`; null: the one in `state.data_dir`, in embedded mode. */
  readonly master_keys: readonly [MasterKey, ...MasterKey[]] | null
  /** The environment's `AWS_…` variables. */
  readonly aws_environment: FromEnvironment['aws']
}

export interface RedisConfig extends Omit<FileConfig['state']['redis'], 'url'> {
  readonly url: Secret | null
  /** Whether state is shared through Redis: a URL, sentinels or a cluster is named. */
  readonly enabled: boolean
}

/** The version of every file that was looked at, by path; null where it could not be read. */
export type FileVersions = ReadonlyMap<string, string | null>

export type LoadResult = ({ readonly config: Config } | { readonly faults: readonly Fault[] }) & {
  readonly files: FileVersions
  /** Nothing stands in the file: every default, or a file that is being written. */
  readonly isEmpty?: boolean
}

export interface LoadOptions {
  path: string
  environment: Environment
  readFile: ReadFile
  /** The catalogue: credentials and models may only name what is in it. */
  providers: ReadonlyMap<string, Provider>
}

/** Reads the configuration (design §12). Never rejects: everything that is wrong is told at once, in the file's order. */
export async function loadFile({ path, environment, readFile, providers }: LoadOptions): Promise<LoadResult> {
  const reader = createFileReader({ readFile })
  const own = readEnvironment(environment)
  const failed = (faults: readonly Fault[]) => ({
    faults: inOrder([...own.faults, ...faults]),
    files: reader.versions,
  })
  const source = await reader.read(path)
  if ('fault' in source) return failed([{ ...nowhere, message: `the file ${source.fault}` }])
  const parsed = parseText({ text: source.text, secretKeys })
  if ('faults' in parsed) return failed(parsed.faults)
  const tree = parsed.read(environment, await reader.readAll(parsed.files))
  const checked = checkTree(fileSchema(providers), tree)
  const named = await readNamedFiles(tree, reader)
  const faults = [...('faults' in checked ? checked.faults : []), ...named.faults]
  if ('faults' in checked || faults.length > 0) return failed(faults)
  const templates = await templateFaults(checked.file, tree, providers)
  if (templates.length > 0) return failed(templates)
  const config = complete(checked.file, own, named.certificate)
  if (own.faults.length > 0) return failed([])
  if (config.state.redis.enabled && config.master_keys === null) return failed([masterKeyRequired])
  return { config, files: reader.versions, isEmpty: source.text.trim() === '' }
}

const nowhere = { line: null, column: null, path: '' }

/** Replicas that each made a key of their own could not open what another sealed (design §8). */
const masterKeyRequired: Fault = {
  ...nowhere,
  path: 'MODELGATE_MASTER_KEY',
  message:
    'MODELGATE_MASTER_KEY is required with Redis, the same for every replica: 32 bytes in base64, as `openssl rand -base64 32` makes them',
}

function complete(file: FileConfig, own: FromEnvironment, certificate: Certificate | null): Config {
  const { listen, state, auth } = file
  const isOpen = auth.issuers.length > 0
  const url = state.redis.url ?? own.redisUrl
  const { sentinels, cluster } = state.redis
  const isShared = url !== null || sentinels !== undefined || cluster !== undefined
  return {
    ...file,
    listen: {
      ...listen,
      host: own.host ?? listen.host ?? (isOpen ? '0.0.0.0' : '127.0.0.1'),
      port: own.port ?? listen.port,
    },
    state: { ...state, redis: { ...state.redis, url, enabled: isShared } },
    workers: own.workers ?? file.workers,
    certificate,
    admin_token: own.adminToken,
    master_keys: own.masterKeys,
    aws_environment: own.aws,
  }
}
