import { entityFault, type EntityFault } from './entity-fault.ts'
import type { ProviderChoice } from './provider-choice.ts'

/** A template is what a custom upstream needs, and of no use to any other. */
export function customFaults({ connection, model, credential }: ProviderChoice): EntityFault[] {
  const isCustom = credential['creds_type'] === 'CUSTOM'
  if (isCustom) {
    const hasTemplate = connection['custom'] !== undefined || model['custom'] !== undefined
    return hasTemplate ? [] : [entityFault(['custom'], 'custom is required with CUSTOM credentials')]
  }
  if (connection['custom'] === undefined) return []
  return [entityFault(['custom'], 'custom is only for CUSTOM credentials')]
}
