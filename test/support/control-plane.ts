import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { type Gateway, startGateway } from './gateway.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export const adminToken = 'an-admin-token-for-control-plane-tests'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  /** null: there was no body. */
  readonly body: Record<string, unknown>
}

/** A gateway whose every answer is checked against its own document. */
export interface ControlPlane {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly document: OpenApi
  /** Below `/ai/api/v1`. Throws where the answer is not as the document has it. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>
  stop(): Promise<void>
}

export interface OpenApi {
  readonly paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>
}

const prefix = '/ai/api/v1'

export interface ControlPlaneOptions {
  readonly config?: Record<string, unknown> | ((upstreamUrl: string) => Record<string, unknown>)
  readonly env?: Record<string, string>
}

export async function startControlPlane({
  config = {},
  env = {},
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const upstream = await startUpstream()
  const gateway = await startGateway({
    env: { MODELGATE_ADMIN_TOKEN: adminToken, ...env },
    config: {
      health: { enabled: false, timeout_seconds: 5 },
      upstream: { allow_http: true, allow_networks: ['127.0.0.0/8'] },
      ...(typeof config === 'function' ? config(upstream.url) : config),
    },
  })
  const document = (await (await fetch(`${gateway.url}/ai/openapi.json`)).json()) as OpenApi
  const check = createChecker(document)
  return {
    gateway,
    upstream,
    document,
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${gateway.url}${prefix}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const parsed = text === '' ? null : (JSON.parse(text) as Record<string, unknown>)
      check(method, `${prefix}${path}`, response.status, parsed)
      return { status: response.status, headers: response.headers, body: parsed ?? {} }
    },
    stop: async () => {
      await gateway.stop()
      await upstream.stop()
    },
  }
}

/** Throws where an answer is not what the document says of its path, method and status. */
export function createChecker(document: OpenApi) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'document', ...document })
  const validators = new Map<string, ValidateFunction>()

  function validatorOf(path: string, method: string, status: number): ValidateFunction | null {
    const pointer = [
      'paths',
      path,
      method,
      'responses',
      String(status),
      'content',
      'application/json',
      'schema',
    ]
    const found = pointer.reduce<unknown>(
      (at, step) => (at as Record<string, unknown> | undefined)?.[step],
      document,
    )
    if (found === undefined) return null
    const escaped = pointer.map((step) =>
      encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')),
    )
    const id = `document#/${escaped.join('/')}`
    const known = validators.get(id) ?? ajv.compile({ $ref: id })
    validators.set(id, known)
    return known
  }

  return (method: string, url: string, status: number, body: unknown): void => {
    const path = url.split('?')[0] ?? ''
    const template = templateOf(document, path, method)
    // What is not in the document has the error's shape all the same.
    const name = template ?? Object.keys(document.paths)[0] ?? ''
    const verb = template === null ? Object.keys(document.paths[name] ?? {})[0] : method.toLowerCase()
    const asked = template === null ? 400 : status
    const described = document.paths[name]?.[verb ?? '']?.responses[String(asked)]
    if (described === undefined)
      throw new Error(`${method} ${path} answered ${status}, which is not described`)
    const validate = validatorOf(name, verb ?? '', asked)
    if (validate === null) {
      if (body !== null) throw new Error(`${method} ${path} answered a body, and none is described`)
      return
    }
    if (!validate(body)) {
      throw new Error(
        `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`,
      )
    }
  }
}

/** The path of the document that fits, named ones before those with parameters. */
function templateOf({ paths }: OpenApi, path: string, method: string): string | null {
  const fits = Object.keys(paths).filter(
    (template) =>
      paths[template]?.[method.toLowerCase()] !== undefined &&
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  return fits.toSorted((one, other) => one.split('{').length - other.split('{').length)[0] ?? null
}
