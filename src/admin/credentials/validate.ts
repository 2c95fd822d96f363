import { randomUUID } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Credential } from '../../core/entities.ts'
import { failureReasons } from '../../core/failure.ts'
import { partFields } from '../../registry/part-fields.ts'
import { type InlineCredential, inlineCredential } from '../../registry/schema/credential.ts'
import { providerChoiceFaults, providerOf } from '../../registry/schema/provider-choice.ts'
import type { HealthEvidence } from '../../routing/health/evidence.ts'
import type { Validate, Validation } from '../../routing/health/validate.ts'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint, type Visit } from '../endpoint.ts'
import { idParams } from '../fields.ts'
import { looseDeclared } from '../model-rules.ts'
import { actorOf, requireNone } from '../records.ts'
import { AdminRefusal, notFound } from '../refusal.ts'
import { addressFaults } from './addresses.ts'

const question = {
  provider: z.string().max(100).optional(),
  model_name: z.string().trim().min(1).max(500).optional().openapi({
    description: 'Tried by a real minimal call; without it the models are listed',
  }),
  is_embedding: z.boolean().optional(),
  region: z.string().max(100).optional(),
  custom: z.record(z.string(), z.unknown()).optional().openapi({ description: 'For custom providers' }),
}

const validation = z
  .strictObject({
    valid: z.boolean().nullable().openapi({ description: 'null: nothing could be proved either way' }),
    models: z.array(z.string()).nullable(),
    error: z.string().nullable(),
    reason: z.enum(failureReasons).nullable(),
    latency_ms: z.number(),
  })
  .openapi('Validation')

const answers = { 200: { description: 'What came of it', schema: validation } }
const tag = 'Credentials'

export interface ValidateDeps extends Pick<
  AdminDeps,
  'snapshot' | 'audit' | 'providers' | 'allowHttp' | 'addressFault'
> {
  readonly validate: Validate
  readonly evidence: Pick<HealthEvidence, 'credentialJudged'>
}

type Question = z.output<z.ZodObject<typeof question>>

/** `…/validate`, of a saved credential and of one that is not saved yet (design §5). */
export function validateEndpoints(deps: ValidateDeps): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/llm_credentials/validate',
      tag,
      summary: 'Try a credential before it is saved',
      body: z.strictObject({ ...question, credentials: inlineCredential(deps) }),
      answers,
      async handle({ body }, visit) {
        const credential = unsaved(body.credentials)
        requireNone(
          addressFaults(credential.settings, deps).map((fault) => ({
            ...fault,
            path: ['credentials', ...fault.path],
          })),
        )
        const found = await ask(deps, credential, body, visit)
        await noteAudit(deps, visit, null, body, found)
        return { status: 200, body: found }
      },
    }),
    endpoint({
      method: 'post',
      path: '/llm_credentials/{id}/validate',
      tag,
      summary: 'Try a credential, or a model with it',
      params: idParams,
      body: z.strictObject(question),
      bodyOptional: true,
      answers,
      async handle({ params, body }, visit) {
        const credential = deps.snapshot().credential(params.id)
        if (credential === undefined) throw notFound('credential')
        const found = await ask(deps, credential, body, visit)
        judge(deps, credential, found)
        await noteAudit(deps, visit, credential, body, found)
        return { status: 200, body: found }
      },
    }),
  ]
}

async function ask(
  deps: ValidateDeps,
  credential: Credential,
  { provider: named, model_name, is_embedding, region, custom }: Question,
  { signal }: Visit,
): Promise<Validation> {
  const { providers, validate } = deps
  const choice = {
    connection: {},
    model: { provider: named },
    credential: looseDeclared(credential),
    providers,
  }
  requireNone(providerChoiceFaults(choice))
  const provider = providers.get(providerOf(choice) ?? '')
  if (provider === undefined) {
    throw new AdminRefusal('invalid_field', `there is no provider ${JSON.stringify(named)}`, {
      field: 'provider',
    })
  }
  return validate({
    credential,
    provider,
    modelName: model_name ?? null,
    isEmbedding: is_embedding ?? null,
    region: region ?? null,
    custom: custom ?? null,
    signal,
  })
}

/** What a validation shows of a saved credential: a refusal of the key, or that the key is taken. */
function judge(
  { evidence }: ValidateDeps,
  credential: Credential,
  { valid, reason, error }: Validation,
): void {
  if (valid === true) evidence.credentialJudged(credential, null)
  else if (reason === 'authentication')
    evidence.credentialJudged(credential, { reason, message: error ?? '' })
}

async function noteAudit(
  { audit }: ValidateDeps,
  visit: Visit,
  credential: Credential | null,
  { provider, model_name }: Question,
  { valid, reason }: Validation,
): Promise<void> {
  const entity = credential && { kind: 'credential', id: credential.id, name: credential.name }
  const after = {
    provider: provider ?? credential?.provider ?? null,
    model_name: model_name ?? null,
    valid,
    reason,
  }
  await audit.append(actorOf(visit), [{ action: 'credential.validate', entity, after }])
}

/** Its hosts are guarded as those of any that came by the control plane; no token of another's is its own. */
function unsaved(declared: InlineCredential): Credential {
  return {
    id: `unsaved-${randomUUID()}`,
    name: 'unsaved',
    type: declared.creds_type,
    provider: declared.provider ?? null,
    status: 'active',
    ...partFields(declared),
    version: randomUUID(),
    managedBy: 'store',
  }
}
