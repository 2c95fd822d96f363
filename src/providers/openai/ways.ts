import type { Connection, Credential } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import { resolveQuirks, type ResolvedQuirks } from './capabilities.ts'
import { findModelRule } from './model-rules.ts'
import { presetAt, type Preset } from './presets.ts'

/** What every request on a connection has in common. */
export interface Way {
  readonly preset: Preset
  readonly quirksFor: (effort: unknown) => ResolvedQuirks
  readonly url: (operation: Operation) => string
}

export type FindWay = (connection: Connection) => Way

/**
 * What the tables and the credential say of a connection does not change while the connection does not: a snapshot
 * makes new ones. So it is found out once for each.
 */
export function createWays(provider: Preset): FindWay {
  const known = new WeakMap<Connection, Way>()
  return (connection) => {
    const found = known.get(connection)
    if (found !== undefined) return found
    const way = wayOf(connection, provider)
    known.set(connection, way)
    return way
  }
}

export function wayOf(connection: Connection, provider: Preset): Way {
  const { credential } = connection
  const preset = presetAt(provider, credential)
  const usual = quirksOf(connection, preset)
  const urls = new Map<Operation, string>()
  return {
    preset,
    // Rules look at the reasoning effort too, which few requests name.
    quirksFor: (effort) =>
      effort === undefined || effort === null ? usual : quirksOf(connection, preset, effort),
    url: (operation) => {
      const known = urls.get(operation)
      if (known !== undefined) return known
      const url = endpoint(credential, preset, preset.paths?.[operation] ?? paths[operation])
      urls.set(operation, url)
      return url
    },
  }
}

const paths: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
}

/** The quirks of a connection: its preset's, its model's, its own. */
export function quirksOf(connection: Connection, preset: Preset, effort: unknown = null): ResolvedQuirks {
  const { modelName, overrides } = connection
  const rule = findModelRule({
    rules: preset.models ?? [],
    modelName,
    effort,
    ...(overrides.capabilities && { overrides: overrides.capabilities }),
  })
  return resolveQuirks(preset, rule, overrides.capabilities)
}

/** `base_url` as it is given, `/v1` or not, a trailing slash tolerated and a query kept; else the preset's own. */
export function endpoint(credential: Credential, preset: Preset, path: string): string {
  const base = credential.settings['base_url'] ?? preset.baseUrl
  if (base === null) throw new Error(`a credential of ${preset.id} must name its base_url`)
  const query = base.indexOf('?')
  const address = query < 0 ? base : base.slice(0, query)
  return `${address.replace(/\/+$/, '')}${path}${query < 0 ? '' : base.slice(query)}`
}
