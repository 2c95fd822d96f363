import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { Certificate } from '../config/certificate.ts'
import type { Proxy } from '../proxy/routes.ts'
import { type Listener, type ListenerOptions, listen } from './listener.ts'

type App = Hono<{ Bindings: HttpBindings }>
type Served = Pick<ListenerOptions, 'app' | 'take'>

export interface ListenersOptions {
  readonly config: Config
  readonly proxy: Proxy
  readonly pages: App
  /** null: there is no control plane. */
  readonly admin: App | null
}

export interface Listeners {
  /** Rejects where a port is taken. Answers the data plane's. */
  readonly start: () => Promise<Listener>
  replaceTls(certificate: Certificate): void
  stopListening(): void
  /** As `Listener.close`, for all. */
  close(graceMs: number): Promise<void>
}

/** The data plane's listener, and one each for the control plane and the operational pages where they are to have their own. */
export function createListeners({ config, proxy, pages, admin }: ListenersOptions): Listeners {
  const { listen: at, telemetry, certificate, admin: control } = config
  const started: Listener[] = []

  async function open(served: Served, port: number, host = at.host): Promise<Listener> {
    const listener = await listen({ ...served, host, port, tls: certificate })
    started.push(listener)
    return listener
  }

  return {
    async start() {
      if (telemetry.port === null) proxy.app.route('/', pages)
      if (admin !== null && control.port === null) proxy.app.route('/', admin)
      const main = await open(proxy, at.port)
      if (telemetry.port !== null) await open({ app: pages }, telemetry.port, telemetry.host)
      if (admin !== null && control.port !== null) await open({ app: admin }, control.port)
      return main
    },
    replaceTls: (tls) => {
      for (const listener of started) listener.replaceTls(tls)
    },
    stopListening: () => {
      for (const listener of started) listener.stopListening()
    },
    close: async (graceMs) => {
      await Promise.all(started.map((listener) => listener.close(graceMs)))
    },
  }
}
