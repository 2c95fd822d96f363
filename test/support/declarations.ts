import { expect } from 'vitest'
import type { ControlPlane } from './control-plane.ts'

export const credentials = '/llm_credentials'
export const models = '/config/llm'

export type Made = Record<string, unknown> & { readonly id: string }

/** Declares things by the control plane of a gateway, and expects refusals of it. */
export function createDeclarations(plane: () => ControlPlane) {
  let number = 0
  const fresh = (what: string) => `${what} ${++number}`

  /** A body for a credential whose key tells whose it is. */
  const key = (name: string, more: Record<string, unknown> = {}) => ({
    name,
    creds_type: 'API_KEY',
    provider: 'openai',
    api_key: `sk-of ${name}`,
    base_url: plane().upstream.url,
    ...more,
  })

  async function made(path: string, body: unknown): Promise<Made> {
    const answered = await plane().call('POST', path, body)
    expect(answered).toMatchObject({ status: 201 })
    return answered.body as Made
  }

  async function expectRefusal(
    method: string,
    path: string,
    body: unknown,
    status: number,
    error: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<void> {
    const answered = await plane().call(method, path, body, headers)
    expect({ status: answered.status, error: answered.body['error'] }).toMatchObject({ status, error })
  }

  const withCredential = () => made(credentials, key(fresh('account')))

  async function withModel(more: Record<string, unknown> = {}) {
    const credential = await withCredential()
    const body = { model_name: fresh('gpt'), llm_credentials_id: credential.id, ...more }
    const model = await made(models, body)
    return { credential, model, connections: model['connections'] as { id: string; name: string }[] }
  }

  return { fresh, key, made, expectRefusal, withCredential, withModel }
}
