import { z } from '@hono/zod-openapi'
import type { Provider } from '../core/provider.ts'
import { credentialTypeOf } from '../registry/schema/credential-fields.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { pageOf } from './paging.ts'

const providerView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    preset_of: z.string().nullable().openapi({ description: 'The provider whose protocol a preset speaks' }),
    creds_type: z.enum(['API_KEY', 'AWS', 'AZURE', 'GCP', 'CUSTOM']),
    base_url: z
      .string()
      .nullable()
      .openapi({ description: 'Where requests go unless the credential says otherwise; null: it must say' }),
    operations: z.array(z.enum(['chat', 'completions', 'embeddings'])),
    lists_models: z
      .boolean()
      .openapi({ description: 'Whether validation can list what the account may use' }),
    fields: z.array(
      z.strictObject({
        name: z.string(),
        required: z.boolean(),
        secret: z.boolean(),
        description: z.string(),
      }),
    ),
  })
  .openapi('Provider')

/** `GET /providers`: the catalogue, from which a form can be drawn. */
export function providerEndpoints(providers: ReadonlyMap<string, Provider>): Endpoint[] {
  const items = [...providers.values()].map((provider) => ({
    id: provider.id,
    name: provider.name,
    preset_of: provider.presetOf ?? null,
    creds_type: credentialTypeOf(provider),
    base_url: provider.baseUrl ?? null,
    operations: Object.keys(provider.operations),
    lists_models: provider.listModels !== undefined,
    fields: provider.fields,
  }))
  return [
    endpoint({
      method: 'get',
      path: '/providers',
      tag: 'Providers',
      summary: 'The catalogue of providers and presets',
      answers: { 200: { description: 'All of them', schema: pageOf(providerView) } },
      handle: async () => ({ status: 200, body: { items, next: null } }),
    }),
  ]
}
