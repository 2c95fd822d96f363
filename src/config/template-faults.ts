import type { Provider } from '../core/provider.ts'
import { shownPath, type Fault } from './fault.ts'
import type { Tree } from './read-tree.ts'
import type { FileConfig } from './schema.ts'

const untried = { path: [], message: 'its expressions could not be tried', position: null }

/** What is wrong with the expressions of custom HTTP APIs: each is compiled, and tried on a sample. */
export async function templateFaults(
  { models }: FileConfig,
  tree: Tree,
  providers: ReadonlyMap<string, Provider>,
): Promise<Fault[]> {
  const provider = [...providers.values()].find((known) => 'checkTemplate' in known)
  if (provider === undefined) return []
  const templates = models.flatMap((model, index) => {
    const kind = model.is_embedding ? ('embedding' as const) : ('chat' as const)
    const own = { path: ['models', index, 'custom'], custom: model.custom, kind }
    const theirs = model.connections.map(({ custom }, position) => ({
      path: ['models', index, 'connections', position, 'custom'],
      custom,
      kind,
    }))
    return [own, ...theirs]
  })
  const found = await Promise.all(
    templates.map(async ({ path, custom, kind }) => {
      if (custom === undefined) return []
      const faults = (await provider.checkTemplate?.(custom, kind).catch(() => [untried])) ?? []
      return faults.map((fault) => {
        const whole = [...path, ...fault.path]
        const place = tree.places.ofValue(whole)
        const at = fault.position === null ? '' : ` (at character ${fault.position})`
        return {
          line: place?.line ?? null,
          column: place?.column ?? null,
          path: shownPath(whole),
          message: `${fault.message}${at}`,
        }
      })
    }),
  )
  return found.flat()
}
