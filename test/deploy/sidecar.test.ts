import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderSidecarExample } from '../../tools/helm/render.ts'
import { freePort } from '../support/free-port.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/metrics.ts'
import { chatModel } from '../support/scene.ts'
import { createIssuer } from '../support/tokens.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

/** Stands for the pod's address: another one than the data plane's, and still this machine's own. */
const podAddress = process.platform === 'linux' ? '127.0.0.2' : '::1'
const shownAddress = podAddress.includes(':') ? `[${podAddress}]` : podAddress

let directory: string
let upstream: Upstream
let gateway: Gateway
let telemetryPort: number

/** The example's own configuration file; what only a cluster has is put in its place. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'modelgate-sidecar-'))
  upstream = await startUpstream()
  const map = (await renderSidecarExample()).find(({ kind }) => kind === 'ConfigMap') as unknown as IConfigMap
  const rendered = parse(map.data?.['modelgate.yaml'] ?? '') as {
    listen: object
    telemetry: object
    auth: { issuers: [{ issuer: string } & Record<string, unknown>]; local_identity: object }
  }
  const [{ jwks_uri: _, ca_file: __, bearer_file: ___, ...entry }] = rendered.auth.issuers
  const cluster = await createIssuer({ issuer: entry.issuer })
  const [jwks_file, token_file] = [join(directory, 'jwks.json'), join(directory, 'token')]
  await cluster.writeJwks(jwks_file)
  // As the API server writes them: the namespace is a claim within a claim, whose name has a dot.
  const claims = { 'kubernetes.io': { namespace: 'shop' }, teams: undefined, aud: ['modelgate'] }
  await writeFile(token_file, await cluster.token(claims))
  telemetryPort = await freePort(podAddress)
  gateway = await startGateway({
    config: {
      ...rendered,
      listen: { ...rendered.listen, port: 0 },
      telemetry: { ...rendered.telemetry, port: telemetryPort },
      auth: { issuers: [{ ...entry, jwks_file }], local_identity: { token_file } },
      credentials: [],
      models: [
        chatModel('gpt-4o', { main: upstream.url }, { team_access: ['shop'] }),
        chatModel('theirs', { main: upstream.url }, { team_access: ['other'] }),
      ],
    },
    env: { POD_IP: podAddress },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.stop()
  await rm(directory, { recursive: true, force: true })
})

it('the application calls without a token of its own, as its namespace', async () => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'of-this-pod', maxRetries: 0 })
  const answer = await client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'hi' }],
  })
  expect(answer.choices[0]?.message.content).toBe('hello')
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['gpt-4o'])
  const pages = { url: `http://${shownAddress}:${telemetryPort}` }
  expect(await metric(pages, 'modelgate_requests_total', { team: 'shop', status: '200' })).toBeGreaterThan(0)
})

it('what the kubelet probes is at the pod’s address, and the data plane is on loopback alone', async () => {
  const at = (path: string) => fetch(`http://${shownAddress}:${telemetryPort}${path}`)
  for (const path of ['/readyz', '/healthz', '/metrics']) expect((await at(path)).status).toBe(200)
  expect((await at('/v1/models')).status).toBe(404)
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(404)
  const { port } = new URL(gateway.url)
  await expect(fetch(`http://${shownAddress}:${port}/v1/models`)).rejects.toThrow('fetch failed')
  await expect(fetch(`http://127.0.0.1:${telemetryPort}/readyz`)).rejects.toThrow('fetch failed')
})
