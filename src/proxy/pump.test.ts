import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import type { StreamFinal, StreamReader } from '../core/stream-reader.ts'
import type { BodySink, Exchange } from '../core/transport.ts'
import { noUsage } from '../core/usage.ts'
import type { ClientStream } from './client-stream.ts'
import { pump } from './pump.ts'

const usage = { ...noUsage, input: 1 }
const step = { output: 'a', events: 1, real: true, finished: false }

/** A body that `send` writes, as an upstream would, to a reader that ends later. */
function carry(send: (sink: BodySink) => void, ended: Promise<StreamFinal>, isRead = true) {
  const written: string[] = []
  const exchange: Exchange = {
    status: 200,
    headers: {},
    read: send,
    pause: () => {},
    resume: () => {},
    event: () => {},
    abort: () => void written.push('aborted'),
  }
  const reader: StreamReader = { push: () => step, end: () => ended }
  const client = {
    write: (output: string) => written.push(output) > 0 && isRead,
    onDrain: () => {},
  } as unknown as ClientStream
  const { signal } = new AbortController()
  return { written, end: pump({ exchange, reader, client, signal, onCommit: () => {} }) }
}

describe('a reader whose end must be waited for', () => {
  const body = (sink: BodySink) => {
    sink.data(Buffer.from('a'))
    sink.end()
  }

  it('has the last output written, then ends', async () => {
    const { written, end } = carry(body, Promise.resolve({ output: 'b', usage, error: null }))
    expect(await end).toEqual({ committed: true, usage, error: null })
    expect(written).toEqual(['a', 'b'])
  })

  it('may end in a failure, or fail itself', async () => {
    const error = new GatewayError('upstream_error', 'The provider failed.', { reason: 'provider_down' })
    const failed = carry(body, Promise.resolve({ output: null, usage, error }))
    expect(await failed.end).toEqual({ committed: true, usage, error })
    expect(failed.written).toEqual(['a', 'aborted'])
    const broken = carry(body, Promise.reject(new TypeError('broken')))
    expect((await broken.end).error).toMatchObject({ code: 'internal_error' })
  })

  it('is not waited for where the body failed', async () => {
    const error = new GatewayError('upstream_error', 'The connection failed.', { reason: 'network' })
    const { end } = carry((sink) => sink.error(error), Promise.reject(new TypeError('broken')))
    expect(await end).toEqual({ committed: false, usage: null, error })
  })
})

describe('a deadline that passes', () => {
  const late = new GatewayError('upstream_timeout', 'Too late.', { reason: 'timeout' })
  const body = (sink: BodySink) => {
    sink.data(Buffer.from('a'))
    sink.error(late)
  }

  it('while the client does not read marks nothing', async () => {
    const { error } = await carry(body, Promise.resolve({ output: null, usage, error: null }), false).end
    expect(error).toMatchObject({ code: 'upstream_timeout', message: 'Too late.', reason: null })
  })

  it('while it reads is the connection’s', async () => {
    const { error } = await carry(body, Promise.resolve({ output: null, usage, error: null })).end
    expect(error).toBe(late)
  })

  it('is told from a connection that is lost, which is the connection’s in any case', async () => {
    const lost = new GatewayError('upstream_error', 'Lost.', { reason: 'network' })
    const send = (sink: BodySink) => {
      sink.data(Buffer.from('a'))
      sink.error(lost)
    }
    const { error } = await carry(send, Promise.resolve({ output: null, usage, error: null }), false).end
    expect(error).toBe(lost)
  })
})
