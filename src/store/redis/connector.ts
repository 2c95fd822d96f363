import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { AbstractConnector } from 'ioredis'
import type { Address } from './settings.ts'

/**
 * Opens the client's socket. Its own way listens for one error and waits for the other end to close; but a socket with
 * TLS may fail twice, an error that nobody hears ends the process, and who hangs closes nothing.
 */
export function connectorTo(address: Address, tls: ConnectionOptions | null) {
  return class Connector extends AbstractConnector {
    constructor() {
      super(0)
    }

    connect(): Promise<Socket> {
      this.connecting = true
      const socket = tls === null ? connect(address) : connectTls({ ...address, ...tls })
      socket.on('error', (error) => {
        this.firstError ??= error
      })
      this.stream = socket
      return Promise.resolve(socket)
    }

    override disconnect(): void {
      this.connecting = false
      this.stream?.destroy()
    }
  }
}
