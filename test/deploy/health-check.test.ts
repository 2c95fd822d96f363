import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'

const run = promisify(execFile)
const dockerfile = new URL('../../Dockerfile', import.meta.url)

let directory: string
let status: number
let plain: Server
let secure: Server

const answer: RequestListener = ({ url }, response) => {
  response.writeHead(url === '/healthz' ? status : 404).end()
}

async function listening<Kind extends Server>(server: Kind): Promise<Kind> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'modelgate-health-'))
  const { serverCert, serverKey } = await makeCertificates(directory)
  const [cert, key] = await Promise.all([readFile(serverCert), readFile(serverKey)])
  plain = await listening(createServer(answer))
  secure = await listening(createTlsServer({ cert, key }, answer))
}, 60_000)
afterAll(async () => {
  for (const server of [plain, secure]) server?.close()
  await rm(directory, { recursive: true, force: true })
})

/** The exit code of the image's HEALTHCHECK in this environment. */
async function healthCheck(env: Record<string, string>): Promise<number> {
  const text = await readFile(dockerfile, 'utf8')
  const [, command = ''] = /^HEALTHCHECK [^]*?CMD (\[.*\])$/m.exec(text) ?? []
  const [name, ...args] = JSON.parse(command) as string[]
  expect(name).toBe('node')
  return run(process.execPath, args, { env, timeout: 10_000 }).then(
    () => 0,
    ({ code }: { code: number }) => code,
  )
}

it('is good where the gateway is alive, and bad where it says otherwise or nothing', async () => {
  const env = { PORT: String(portOf(plain)) }
  status = 200
  expect(await healthCheck(env)).toBe(0)
  status = 503
  expect(await healthCheck(env)).toBe(1)
  expect(await healthCheck({ PORT: '1' })).toBe(1)
})

it('asks where it is told to, by TLS too, whatever name the certificate is for', async () => {
  const env = { PORT: '1', MODELGATE_HEALTH_URL: `https://127.0.0.1:${portOf(secure)}/healthz` }
  status = 200
  expect(await healthCheck(env)).toBe(0)
  status = 503
  expect(await healthCheck(env)).toBe(1)
  expect(await healthCheck({ MODELGATE_HEALTH_URL: `http://127.0.0.1:${portOf(plain)}/elsewhere` })).toBe(1)
})
