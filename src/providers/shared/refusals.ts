import { GatewayError } from '../../core/errors.ts'
import type { ChatRequest } from '../../core/openai.ts'
import { asObject } from './json.ts'

/** 400 `unsupported_parameter`: the provider cannot honour it, and leaving it out would change the answer (design §4). */
export function unsupported(param: string, why: string): GatewayError {
  return new GatewayError('unsupported_parameter', why, { param })
}

/** 400 `invalid_request`: no provider could read it. */
export function invalid(param: string, why: string): GatewayError {
  return new GatewayError('invalid_request', why, { param })
}

/** Parameters of OpenAI's that some providers lack and that change the answer (providers' facts §3.1, §3.2). */
export type Refusable = 'n' | 'logprobs' | 'top_logprobs' | 'modalities' | 'audio' | 'web_search_options'

const isAsked: Record<Refusable, (value: unknown) => boolean> = {
  n: (value) => value !== 1,
  logprobs: (value) => value !== false,
  top_logprobs: (value) => value !== 0,
  modalities: (value) => !Array.isArray(value) || value.some((modality) => modality !== 'text'),
  audio: () => true,
  web_search_options: (value) => asObject(value) !== null,
}

/** Throws 400 `unsupported_parameter` for the first of the named parameters that really asks for something. */
export function refuse(body: ChatRequest, provider: string, params: readonly Refusable[]): void {
  for (const param of params) {
    const value = body[param]
    if (value === undefined || value === null || !isAsked[param](value)) continue
    throw unsupported(param, `${provider} does not support \`${param}\`.`)
  }
}
