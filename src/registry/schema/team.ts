import { z } from 'zod'
import { optionalText } from './fields.ts'
import { entityName } from './names.ts'

/** Who may use what. A team need not be registered to be named in a model's access. */
export const team = z.strictObject({
  name: entityName.describe("As the claim in the callers' tokens has it"),
  description: optionalText,
})

export type TeamDeclaration = z.output<typeof team>
