import { z } from '@hono/zod-openapi'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { idParams } from '../fields.ts'
import { actorOf } from '../records.ts'
import { AdminRefusal, notFound } from '../refusal.ts'

export interface RevealDeps extends Pick<AdminDeps, 'snapshot' | 'audit'> {
  /** `credentials_policy.reveal` */
  readonly revealAllowed: boolean
}

/** `POST /llm_credentials/{id}/reveal`: one secret, on demand; it is audited before it is shown. */
export function revealEndpoint({ snapshot, audit, revealAllowed }: RevealDeps): Endpoint {
  return endpoint({
    method: 'post',
    path: '/llm_credentials/{id}/reveal',
    tag: 'Credentials',
    summary: 'Show one secret',
    description: 'Audited. Off where `credentials_policy.reveal` is false.',
    params: idParams,
    body: z.strictObject({ field: z.string().min(1).max(100) }),
    answers: { 200: { description: 'The secret', schema: z.strictObject({ value: z.string() }) } },
    async handle({ params, body }, visit) {
      if (!revealAllowed)
        throw new AdminRefusal('reveal_disabled', 'Secrets are not shown: credentials_policy.reveal is off.')
      const credential = snapshot().credential(params.id)
      if (credential === undefined) throw notFound('credential')
      const secret = Object.hasOwn(credential.secrets, body.field)
        ? credential.secrets[body.field]
        : undefined
      if (secret === undefined) {
        const message = 'The credential has no secret of that name that can be opened'
        throw new AdminRefusal('not_found', message, { field: 'field' })
      }
      const { id, name } = credential
      const after = { field: body.field }
      await audit.append(actorOf(visit), [
        { action: 'credential.reveal', entity: { kind: 'credential', id, name }, after },
      ])
      return { status: 200, body: { value: secret.reveal() } }
    },
  })
}
