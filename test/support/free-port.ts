import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below what systems give to outgoing connections (from 32,768 on Linux, from 49,152 elsewhere): a port of that range
// that is free now may be somebody's own end of a connection a moment later.
// Above 10,080, which `fetch` refuses to connect to.
const FIRST_PORT = 11_000
const END_PORT = 32_000

/** A port that nobody listens on now, for a program that must be told its port. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, END_PORT)
    const server = createServer().listen(port, host)
    const isFree = await once(server, 'listening').then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
        throw error
      },
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
