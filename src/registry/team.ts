import type { ManagedBy } from '../core/entities.ts'

export interface Team {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly managedBy: ManagedBy
}
