import { z } from 'zod'
import { stages } from '../../core/entities.ts'
import { modelName } from './names.ts'

const models = z.array(modelName).min(1)

/** A virtual model: which real one answers depends on the stage of the request (design §5, routes). */
export const route = z.strictObject({
  name: modelName.describe('What clients write in `model`'),
  stages: z
    .partialRecord(z.enum(stages), models)
    .default({})
    .describe('Models by stage, in order of preference'),
  default: models.describe('Where the request names no stage, or one that is not listed'),
})

export type RouteDeclaration = z.output<typeof route>
