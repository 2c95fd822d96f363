import { entityFault, isLoose, looseItems, textOf, type EntityFault, type Loose } from './entity-fault.ts'
import { nameKey } from './names.ts'

/** A route names models that are there, each once to a stage, and only for stages they support (design §5). */
export function routeFaults(entities: Loose): EntityFault[] {
  const models = new Map<string, Loose>()
  for (const { item } of looseItems(entities['models'])) {
    const name = textOf(item['name'])
    if (name !== null) models.set(nameKey(name), item)
  }
  return looseItems(entities['routes']).flatMap(({ item: route, index }) => {
    const stages = isLoose(route['stages']) ? Object.entries(route['stages']) : []
    return [
      ...listFaults(route['default'], null, models, ['routes', index, 'default']),
      ...stages.flatMap(([stage, names]) =>
        listFaults(names, stage, models, ['routes', index, 'stages', stage]),
      ),
    ]
  })
}

function listFaults(
  names: unknown,
  stage: string | null,
  models: ReadonlyMap<string, Loose>,
  path: readonly (string | number)[],
): EntityFault[] {
  if (!Array.isArray(names)) return []
  const seen = new Set<string>()
  return names.flatMap((listed: unknown, index) => {
    const name = textOf(listed)
    if (name === null) return []
    const shown = JSON.stringify(name)
    const model = models.get(nameKey(name))
    if (model === undefined) return [entityFault([...path, index], `there is no model named ${shown}`)]
    if (seen.has(nameKey(name))) return [entityFault([...path, index], `${shown} is listed twice`)]
    seen.add(nameKey(name))
    const supported: unknown = model['supported_stages']
    const serves = stage === null || !Array.isArray(supported) || supported.includes(stage)
    return serves ? [] : [entityFault([...path, index], `${shown} does not support the stage ${stage}`)]
  })
}
