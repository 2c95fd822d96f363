import type { ModelKind } from '../core/entities.ts'
import type { Provider } from '../core/provider.ts'
import { pathText } from './read-input.ts'
import { AdminRefusal } from './refusal.ts'

type Template = Readonly<Record<string, unknown>>

/**
 * Compiles a custom provider's expressions and tries them on a sample. Rejects with AdminRefusal, which names the
 * expression and the place, for the first that will not do.
 */
export async function requireTemplate(
  providers: ReadonlyMap<string, Provider>,
  custom: Template | undefined,
  kind: ModelKind,
): Promise<void> {
  const provider = [...providers.values()].find((known) => known.checkTemplate !== undefined)
  if (custom === undefined || provider?.checkTemplate === undefined) return
  const [fault] = await provider.checkTemplate(custom, kind)
  if (fault === undefined) return
  const at = fault.position === null ? '' : ` (at character ${fault.position})`
  throw new AdminRefusal('invalid_field', `${fault.message}${at}`, {
    field: pathText(['custom', ...fault.path]),
  })
}
