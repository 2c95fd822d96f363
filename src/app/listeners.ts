import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { Certificate } from '../config/certificate.ts'
import { errorBody, GatewayError } from '../core/errors.ts'
import { type Listener, listen } from './listener.ts'

type App = Hono<{ Bindings: HttpBindings }>

export interface ListenersOptions {
  readonly config: Config
  readonly proxy: App
  readonly pages: App
}

export interface Listeners {
  /** Rejects where a port is taken. Answers the data plane's. */
  readonly start: () => Promise<Listener>
  replaceTls(certificate: Certificate): void
  /** As `Listener.close`, for all. */
  close(graceMs: number): Promise<void>
}

/** The data plane's listener, and one for the operational pages where they are to have their own. */
export function createListeners({ config, proxy, pages }: ListenersOptions): Listeners {
  const { listen: at, telemetry, certificate } = config
  const started: Listener[] = []

  async function open(app: App, port: number): Promise<Listener> {
    const listener = await listen({ app, host: at.host, port, tls: certificate })
    started.push(listener)
    return listener
  }

  return {
    async start() {
      const main = await open(telemetry.port === null ? joined(proxy, pages) : joined(proxy), at.port)
      if (telemetry.port !== null) await open(joined(pages), telemetry.port)
      return main
    },
    replaceTls: (tls) => {
      for (const listener of started) listener.replaceTls(tls)
    },
    close: async (graceMs) => {
      await Promise.all(started.map((listener) => listener.close(graceMs)))
    },
  }
}

function joined(...parts: readonly App[]): App {
  const app: App = new Hono()
  for (const part of parts) app.route('/', part)
  const refusal = (error: GatewayError) => Response.json(errorBody(error), { status: error.status })
  app.notFound(() => refusal(new GatewayError('unsupported_endpoint', 'There is nothing at this path.')))
  app.onError(() => refusal(new GatewayError('internal_error', 'The gateway failed to handle this request.')))
  return app
}
