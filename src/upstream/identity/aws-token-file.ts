import { open } from 'node:fs/promises'
import { noKeys } from './aws-failure.ts'

const maxBytes = 64 * 1024

/** A token as its file holds it now; platforms rewrite such files as tokens end. Throws GatewayError where it cannot be read. */
export async function readTokenFile(path: string, signal: AbortSignal): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1)
      signal.throwIfAborted()
      const token = buffer.toString('utf8', 0, bytesRead).trim()
      if (token === '' || bytesRead > maxBytes || /[^\x20-\x7e]/.test(token))
        throw new Error('it does not hold one token')
      return token
    } finally {
      await file.close()
    }
  } catch (error) {
    throw noKeys(`The gateway's AWS token file cannot be used: ${(error as Error).message}`, error)
  }
}
