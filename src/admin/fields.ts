import { z } from '@hono/zod-openapi'
import type { Snapshot } from '../registry/snapshot.ts'

/** Fields and parameters that several endpoints share. */

export const idParams = z.strictObject({ id: z.string().max(200) })

export const expectedVersion = z
  .int()
  .optional()
  .openapi({ description: 'The version that the change was made on; an older one is 409' })

export const searchText = z
  .string()
  .max(200)
  .optional()
  .openapi({ description: 'Part of the name, in any case' })

export const managedBy = z
  .enum(['file', 'store'])
  .openapi({ description: 'file: declared by the configuration file, which is where it is changed' })

export const shadowsView = z
  .strictObject({ kind: z.string(), id: z.string() })
  .nullable()
  .openapi({ description: "What is stored under the same name, and hidden by the configuration file's" })

/** The stored entity that one of the file's hides. */
export function shadowsOf({ shadowed }: Snapshot, id: string): z.input<typeof shadowsView> {
  const hidden = shadowed.find(({ by }) => by === id)
  return hidden === undefined ? null : { kind: hidden.kind, id: hidden.id }
}

export const versionView = z
  .int()
  .nullable()
  .openapi({ description: 'For `version` and `If-Match`; null for what the file declares' })

export const timeView = z.string().nullable().openapi({ description: 'ISO 8601; null where not known' })

/** Whether a name matches what was searched for. */
export function isFound(name: string, searched: string | undefined): boolean {
  return searched === undefined || name.toLowerCase().includes(searched.trim().toLowerCase())
}
