import { join } from 'node:path'
import OpenAI, { NotFoundError } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateClient } from '../../tools/client-generator/generate-client.ts'
import { adminToken, type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { chatAnswer, failure, type Script, sendJson } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

interface Answered {
  readonly data?: Record<string, unknown>
  readonly error?: { readonly error: { readonly code: string; readonly message: string } }
  readonly response: Response
}

interface Options {
  readonly body?: Record<string, unknown>
  readonly path?: Record<string, string>
}

type Client = Record<string, (options: Options) => Promise<Answered>>

const oldKey = 'sk-before-the-rotation'
const newKey = 'sk-after-the-rotation'

let plane: ControlPlane
let client: Client

beforeAll(async () => {
  plane = await startControlPlane()
  const into = join(plane.gateway.dir, 'client')
  await generateClient({ document: { ...plane.document }, into })
  const { client: settings } = (await import(join(into, 'client.gen.ts'))) as {
    client: { setConfig(config: object): void }
  }
  settings.setConfig({ baseUrl: plane.gateway.url, headers: { authorization: `Bearer ${adminToken}` } })
  client = (await import(join(into, 'sdk.gen.ts'))) as Client
}, 60_000)
afterAll(() => plane?.stop())

/** What an operation answers, which is to have gone well. */
async function done(operation: string, options: Options = {}): Promise<Record<string, unknown>> {
  const answered = await call(operation, options)
  expect(answered.error).toBeUndefined()
  return answered.data ?? {}
}

function call(operation: string, options: Options): Promise<Answered> {
  const found = client[operation]
  if (found === undefined) throw new Error(`the client has no ${operation}`)
  return found(options)
}

/** A provider that lists its models and takes the keys given. */
function provider(accepted: ReadonlySet<string>): Script {
  return (response, request, socket) => {
    const key = request.headers.authorization?.replace('Bearer ', '') ?? ''
    if (!accepted.has(key)) return failure(401, 'Incorrect API key provided.')(response, request, socket)
    if (request.path.endsWith('/models'))
      return sendJson(response, {
        object: 'list',
        data: [{ id: 'large', object: 'model', owned_by: 'them' }],
      })
    return chatAnswer('well')(response, request, socket)
  }
}

async function keyFor(team: string): Promise<OpenAI> {
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  const { key } = await done('postKeys', { body: { name: `for ${team}`, team, expires_at: expires } })
  return new OpenAI({ baseURL: `${plane.gateway.url}/v1`, apiKey: String(key), maxRetries: 0 })
}

const chat = (openai: OpenAI, model: string) =>
  openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'hello' }] })

describe('a client generated from the document', () => {
  it('declares, uses, rotates and removes', { timeout: 60_000 }, async () => {
    const { upstream } = plane
    const accepted = new Set([oldKey])
    upstream.script = provider(accepted)

    const declared = { name: 'main', creds_type: 'API_KEY', provider: 'openai', base_url: upstream.url }
    const credential = await done('postLlmCredentials', { body: { ...declared, api_key: oldKey } })
    const at = { path: { id: String(credential['id']) } }
    expect(await done('postLlmCredentialsIdValidate', { ...at, body: {} })).toMatchObject({
      valid: true,
      models: ['large'],
    })
    const onMain = { llm_credentials_id: credential['id'], model_name: 'large' }
    const writer = await done('postConfigLlm', { body: { name: 'writer', ...onMain } })
    const editor = await done('postConfigLlm', { body: { name: 'editor', ...onMain } })
    accepted.add('sk-of-another-account')
    await done('postConfigLlmIdConnections', {
      path: { id: String(editor['id']) },
      body: {
        name: 'second',
        model_name: 'large',
        priority: 1,
        credentials: { ...declared, name: undefined, api_key: 'sk-of-another-account' },
      },
    })
    await done('patchConfigLlmId', {
      path: { id: String(editor['id']) },
      body: { team_access: ['research'] },
    })

    const research = await keyFor('research')
    const support = await keyFor('support')
    expect((await chat(research, 'editor')).choices[0]?.message.content).toBe('well')
    expect((await chat(support, 'writer')).choices[0]?.message.content).toBe('well')
    await expect(chat(support, 'editor')).rejects.toThrow(NotFoundError)

    await rotated(research, accepted, () =>
      done('patchLlmCredentialsId', { ...at, body: { api_key: newKey } }),
    )

    const refused = await call('deleteLlmCredentialsId', at)
    expect(refused.response.status).toBe(409)
    expect(refused.error?.error).toMatchObject({ code: 'in_use' })
    for (const { id } of [writer, editor]) await done('deleteConfigLlmId', { path: { id: String(id) } })
    await expect(chat(research, 'editor')).rejects.toThrow(NotFoundError)
    await done('deleteLlmCredentialsId', at)
    expect((await call('getLlmCredentialsId', at)).response.status).toBe(404)
  })
})

/** Requests to both models from before the rotation until after it; none may fail, and what began with the old key ends with it. */
async function rotated(openai: OpenAI, accepted: Set<string>, rotate: () => Promise<unknown>): Promise<void> {
  const { upstream } = plane
  const keyOf = (index: number) => upstream.requests[index]?.headers.authorization
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  upstream.script = async (...answer) => {
    await released
    return chatAnswer('slowly')(...answer)
  }
  const slow = chat(openai, 'writer')
  await until('the slow request is under way', () => upstream.busy === 1)
  const slowIndex = upstream.requests.length - 1
  upstream.script = provider(accepted)

  let isOver = false
  let answers = 0
  const worker = async (model: string) => {
    while (!isOver) {
      await chat(openai, model)
      answers++
    }
  }
  const traffic = Promise.all(['writer', 'editor', 'writer', 'editor'].map(worker))
  await until('there is traffic', () => answers > 20)
  // The provider takes both keys for a while, as whoever rotates one without an outage has it.
  accepted.add(newKey)
  await rotate()
  const afterwards = upstream.requests.length
  const answered = answers
  await until('there is more', () => answers > answered + 20)
  isOver = true
  await traffic
  release()
  expect((await slow).choices[0]?.message.content).toBe('slowly')
  expect(keyOf(slowIndex)).toBe(`Bearer ${oldKey}`)
  // Four were under way at most when the rotation was answered.
  const late = upstream.requests.slice(afterwards + 4).map(({ headers }) => headers.authorization)
  expect(new Set(late)).toEqual(new Set([`Bearer ${newKey}`]))
}
