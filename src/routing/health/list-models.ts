import type { Connection } from '../../core/entities.ts'
import type { ListedModel, Provider, UpstreamRequest } from '../../core/provider.ts'
import type { Asker, Refused } from './ask.ts'

type ListModels = NonNullable<Provider['listModels']>

export interface ListOptions {
  readonly asker: Asker
  /** Whose credential asks; for a credential alone a stand-in. */
  readonly connection: Connection
  readonly listModels: ListModels
  readonly signal: AbortSignal
}

export interface Listed {
  readonly models: readonly ListedModel[]
  /** Pages that came. */
  readonly pages: number
  /** Why no more of them came. */
  readonly failure: Refused | null
  readonly latencyMs: number
}

/** The longest catalogue known has some thousands, and the least page a hundred. */
const maxPages = 50
const maxModels = 20_000

/** What a credential may list, within one deadline for all pages. Never rejects. */
export async function listPages(
  { asker, connection, listModels, signal }: ListOptions,
  limit = maxPages,
): Promise<Listed> {
  const models: ListedModel[] = []
  let pages = 0
  const asked = await asker.attempt(connection, signal, async (send) => {
    let request: UpstreamRequest | null = listModels.request(connection.credential)
    while (request !== null && pages < limit && models.length < maxModels) {
      const page = listModels.read(await send(request), request)
      models.push(...page.models)
      request = page.next
      pages++
    }
    return {}
  })
  return {
    models: models.slice(0, maxModels),
    pages,
    failure: asked.ok ? null : asked,
    latencyMs: asked.latencyMs,
  }
}

/**
 * The key was accepted, and a right was found wanting: some providers say so with a 401 (OpenAI, of restricted keys:
 * "You have insufficient permissions for this operation. Missing scopes: api.model.read").
 */
export function lacksOnlyARight({ reason, message }: Pick<Refused, 'reason' | 'message'>): boolean {
  if (reason === 'permission') return true
  return reason === 'authentication' && /\b(?:missing scopes?|insufficient permissions?)\b/i.test(message)
}
