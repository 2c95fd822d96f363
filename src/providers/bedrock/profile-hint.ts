import type { Connection } from '../../core/entities.ts'
import { runtimeTarget } from './hosts.ts'

/** The prefix of AWS's own inference profiles by the region they are called in (Bedrock user guide, cross-region inference). */
const prefixes: readonly (readonly [regionHas: RegExp, prefix: string])[] = [
  [/^us-gov-/, 'us-gov'],
  [/^(us|ca)-/, 'us'],
  [/^eu-/, 'eu'],
  [/^ap-northeast-[13]$/, 'jp'],
  [/^ap-southeast-[246]$/, 'au'],
  [/^ap-/, 'apac'],
]

/** For a model that is not called by its own id: the id to name in its place. */
export function profileHint(connection: Connection): string {
  const { region } = runtimeTarget(connection, 'converse')
  const prefix = prefixes.find(([regionHas]) => regionHas.test(region))?.[1] ?? 'global'
  const profile = `${prefix}.${connection.modelName}`
  return `Name an inference profile as the connection's model, for example \`${profile}\` or \`global.${connection.modelName}\`.`
}
