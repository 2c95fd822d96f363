import type { ModelKind } from '../core/entities.ts'
import type { AdminDeps } from './deps.ts'
import { pathText } from './read-input.ts'
import { AdminRefusal } from './refusal.ts'

type Template = Readonly<Record<string, unknown>>

/**
 * Compiles a custom provider's expressions and tries them on a sample, once its address is one that may be called.
 * Rejects with AdminRefusal, which names the expression and the place, for the first that will not do.
 */
export async function requireTemplate(
  { providers, addressFault }: Pick<AdminDeps, 'providers' | 'addressFault'>,
  custom: Template | undefined,
  kind: ModelKind,
  path: readonly string[] = [],
): Promise<void> {
  const provider = [...providers.values()].find((known) => known.checkTemplate !== undefined)
  if (custom === undefined || provider?.checkTemplate === undefined) return
  const address = addressFault(String(custom['url']))
  if (address !== null)
    throw new AdminRefusal('base_url_not_allowed', `url: ${address}`, {
      field: pathText([...path, 'custom', 'url']),
    })
  const [fault] = await provider.checkTemplate(custom, kind)
  if (fault === undefined) return
  const at = fault.position === null ? '' : ` (at character ${fault.position})`
  throw new AdminRefusal('invalid_field', `${fault.message}${at}`, {
    field: pathText([...path, 'custom', ...fault.path]),
  })
}
