import { createClient } from '@hey-api/openapi-ts'

export interface GenerateClientOptions {
  /** An OpenAPI document. */
  readonly document: Record<string, unknown>
  /** A folder that is made; the client's operations are the functions of its `sdk.gen.ts`. */
  readonly into: string
}

/** Writes a client of the API that a document describes, as TypeScript that Node runs as it is. */
export async function generateClient({ document, into }: GenerateClientOptions): Promise<void> {
  await createClient({
    input: document,
    output: { path: into, module: { extension: '.ts' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/sdk', '@hey-api/typescript'],
    logs: { level: 'silent', file: false },
  })
}
