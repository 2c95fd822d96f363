import { z } from 'zod'
import type { Provider } from '../core/provider.ts'
import { secretFieldNames } from '../registry/schema/credential-fields.ts'
import { evenIfBroken, rules } from '../registry/schema/entity-fault.ts'
import { entityFaults } from '../registry/schema/entity-rules.ts'
import { fileEntityShape } from '../registry/schema/file-entities.ts'
import { sectionFaults } from './section-rules.ts'
import { sectionShape } from './sections.ts'

/** The whole configuration file: one schema to check it, to type it and to describe it to editors. */
export function fileSchema(providers: ReadonlyMap<string, Provider>) {
  return z.strictObject({ ...sectionShape, ...fileEntityShape(providers) }).superRefine(
    rules((file) => [...sectionFaults(file), ...entityFaults(file, providers)]),
    evenIfBroken,
  )
}

export type FileSchema = ReturnType<typeof fileSchema>
export type FileConfig = z.output<FileSchema>

/** Keys of the file whose values no message may hold: URLs of Redis and of proxies carry passwords. */
export const secretKeys: ReadonlySet<string> = new Set([...secretFieldNames, 'password', 'url', 'proxy_url'])
