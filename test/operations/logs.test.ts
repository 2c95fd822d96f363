import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { findOrInstall } from '../support/debian-package.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { entry, environment } from '../support/program.ts'
import { chatModel, createScene } from '../support/scene.ts'
import { chatAnswer, failure, startUpstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const stops: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

const requestLines = (gateway: Gateway) => gateway.log().filter((line) => line['msg'] === 'request')

it('has one line for each request, with what the design names, and neither content nor secrets', async () => {
  const scene = await createScene({ upstreams: { main: chatAnswer('a planted answer') } })
  stops.push(() => scene.stop())
  const id = 'req-of-this-test'
  await (await scene.chat({}, { 'x-request-id': id })).text()
  await (await scene.chat({ stream: true })).text()
  await (await scene.chat({ model: 'nobody-has-this' })).text()
  // A client may name its request by what it should have kept to itself.
  await (await scene.chat({}, { 'x-request-id': scene.token.slice(0, 100) })).text()
  const lines = await until('four lines', () => {
    const found = requestLines(scene.gateway)
    return found.length >= 4 && found
  })
  expect(lines.map(({ status }) => status)).toEqual([200, 200, 404, 200])
  expect(lines[1]?.['request_id']).toMatch(/^req_[0-9a-f]{32}$/)
  expect(lines[3]?.['request_id']).toBe('[redacted]')
  expect(lines[0]).toMatchObject({
    level: 'info',
    request_id: id,
    principal: expect.any(String),
    team: 'research',
    model: 'gpt',
    connection: 'main',
    attempts: [{ connection: 'main', outcome: 'success', duration_ms: expect.any(Number) }],
    status: 200,
    outcome: 'success',
    timings: { total_ms: expect.any(Number), upstream_ms: expect.any(Number) },
    usage: { input: expect.any(Number), output: expect.any(Number) },
  })
  for (const planted of ['Say hello', 'planted answer', 'sk-planted', scene.token.slice(0, 40)])
    expect(scene.gateway.output()).not.toContain(planted)
})

it('holds what the configured level lets through: at `warn` a 502 and no 200', async () => {
  const upstream = await startUpstream(chatAnswer('hello'))
  stops.push(() => upstream.stop())
  const config = {
    models: [chatModel('gpt', { main: upstream.url })],
    telemetry: { log_level: 'warn' },
    health: { enabled: false },
  }
  const gateway = await startGateway({ config, wait: false })
  stops.push(() => gateway.stop())
  const url = await until('it listens', () => /base URL +(\S+)/.exec(gateway.output())?.[1])
  expect(await chat(gateway, url)).toBe(200)
  upstream.script = failure(500, 'the provider has fallen over')
  expect(await chat(gateway, url)).toBe(502)
  await until('the failure is logged', () => gateway.log().some(({ status }) => status === 502))
  expect(requestLines(gateway)).toMatchObject([{ level: 'warn', status: 502, error_code: 'upstream_error' }])
})

async function chat(gateway: Gateway, url: string): Promise<number> {
  const token = /team token +(\S+)/.exec(gateway.output())?.[1] ?? ''
  const answer = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hello' }] }),
  })
  await answer.text()
  return answer.status
}

it('is text for a reader on a terminal', async () => {
  // bsdutils: a terminal for a program that has none.
  const script = await findOrInstall({ binaries: ['script'], package: 'bsdutils' })
  const directory = await mkdtemp(join(tmpdir(), 'modelgate-terminal-'))
  stops.push(() => rm(directory, { recursive: true, force: true }))
  const shown = await onTerminal(script, directory)
  expect(shown).toMatch(/\[\d\d:\d\d:\d\d\.\d{3}\] \S*INFO\S*: \S*listening/)
  expect(shown).not.toContain('"msg":"listening"')
}, 60_000)

/** What a gateway shows on a terminal until it listens. */
async function onTerminal(script: string, cwd: string): Promise<string> {
  const child = spawn(script, ['-qec', `exec "${process.execPath}" "${entry}" serve`, '/dev/null'], {
    cwd,
    env: { ...environment, PORT: '0', TERM: 'dumb' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  try {
    await until('it listens', () => text.includes('listening'), { timeoutMs: 20_000 })
    return text
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
