import { z } from 'zod'
import type { CredentialContext } from './credential.ts'
import { namedCredential } from './credential.ts'
import { fileModel } from './model.ts'
import { route } from './route.ts'
import { team } from './team.ts'

/** The sections of the configuration file that declare entities (design §12). Between them hold `entityFaults`. */
export function fileEntityShape(providers: CredentialContext['providers']) {
  // Hosts that the file names are the operator's word, plain http included.
  const context = { providers, allowHttp: true }
  return {
    credentials: z.array(namedCredential(context)).prefault([]).describe('Accounts at providers'),
    models: z.array(fileModel(context)).prefault([]).describe('What clients name in `model`'),
    teams: z.array(team).prefault([]).describe('Known teams'),
    routes: z.array(route).prefault([]).describe('Models that depend on the stage of a request'),
  }
}

type Shape = ReturnType<typeof fileEntityShape>

export type FileEntities = { readonly [Section in keyof Shape]: z.output<Shape[Section]> }
