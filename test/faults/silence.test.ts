import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { chatModel, createScene, dataOf, type Scene } from '../support/scene.ts'
import { chatAnswer, chatEvents, startSse } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

/** Silence after which a comment goes out. */
const commentMs = 15_000
/** How long a test waits for what is due in 15 s: the machine may be busy with other things. */
const patience = { timeoutMs: 45_000, everyMs: 50 }
const limit = { timeout: 120_000 }

/** Answers that a test goes on with when it wants to. */
const pending: Record<'leaving' | 'failing' | 'idle', ServerResponse[]> = {
  leaving: [],
  failing: [],
  idle: [],
}
const events = chatEvents('before ', 'after')
let scene: Scene

const remember = (name: keyof typeof pending) => (response: ServerResponse) => {
  pending[name].push(response)
}

beforeAll(async () => {
  scene = await createScene({
    upstreams: {
      leaving: (response) => {
        // The only connection is tried twice; it is silent at first and gone at once the second time.
        startSse(response)
        if (pending.leaving.length === 0) remember('leaving')(response)
        else response.end()
      },
      failing: remember('failing'),
      rescue: chatAnswer('rescued'),
      idle: (response) => {
        startSse(response)
        response.write(events.slice(0, 2).join(''))
        remember('idle')(response)
      },
    },
    config: ({ leaving = '', failing = '', rescue = '', idle = '' }) => ({
      models: [
        chatModel('leaving', { leaving }),
        chatModel('failing', { failing, rescue }),
        chatModel('idle', { idle }),
      ],
    }),
  })
})
afterAll(() => scene.stop())

describe('silence of the upstream', { concurrent: true }, () => {
  it('gets comments out with a 200; an end without a word is then an error event', limit, async (test) => {
    const { expect } = test
    const startedAt = performance.now()
    const response = await scene.chat({ model: 'leaving', stream: true })
    expect(performance.now() - startedAt).toBeGreaterThan(commentMs - 100)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const reading = read(response)
    await until('a comment', () => reading.comments.length > 0, patience)
    expect(dataOf(reading.text())).toEqual([])
    pending.leaving[0]?.end()
    await reading.done
    const data = dataOf(reading.text())
    expect(data).toHaveLength(1)
    expect(JSON.parse(data[0] ?? '')).toMatchObject({ error: { code: 'upstream_error' } })
    expect(reading.text()).not.toContain('[DONE]')
  })

  it('does not end the chance of another connection, even after comments', limit, async (test) => {
    const { expect } = test
    const response = await scene.chat({ model: 'failing', stream: true })
    const reading = read(response)
    await until('a comment', () => reading.comments.length > 0, patience)
    expect(scene.upstreams['rescue']?.requests).toHaveLength(0)
    pending.failing[0]?.socket?.resetAndDestroy()
    await reading.done
    const data = dataOf(reading.text())
    expect(data.join('')).toContain('rescued')
    expect(data.join('')).not.toContain('error')
    expect(data.at(-1)).toBe('[DONE]')
    expect(pending.failing).toHaveLength(1)
    expect(scene.upstreams['rescue']?.requests).toHaveLength(1)
  })

  it('within a stream gets a comment every 15 s, and the stream goes on', limit, async (test) => {
    const { expect } = test
    const startedAt = performance.now()
    const reading = read(await scene.chat({ model: 'idle', stream: true }))
    await until('content', () => reading.text().includes('before'), patience)
    await until('two comments', () => reading.comments.length >= 2, { ...patience, timeoutMs: 80_000 })
    const [first = 0, second = 0] = reading.comments
    expect(first - startedAt).toBeGreaterThan(commentMs - 100)
    // Both are seen with the delay of a busy machine, which may have been larger for the first.
    expect(second - startedAt).toBeGreaterThan(2 * commentMs - 200)
    pending.idle[0]?.end(events.slice(2).join(''))
    await reading.done
    const data = dataOf(reading.text())
    expect(data.join('')).toContain('after')
    expect(data.at(-1)).toBe('[DONE]')
    expect(pending.idle).toHaveLength(1)
  })
})

/** Reads an answer as it comes; `comments` are the times, by `performance.now()`, at which each was first seen. */
function read(response: Response) {
  let text = ''
  const comments: number[] = []
  const done = (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes as Uint8Array, { stream: true })
      const seen = text.split('\n\n').filter((block) => block.startsWith(':')).length
      while (comments.length < seen) comments.push(performance.now())
    }
  })()
  done.catch(() => {})
  return { comments, done, text: () => text }
}
