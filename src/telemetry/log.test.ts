import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { messageKey } from './destination.ts'
import { createLog } from './log.ts'
import { collectLines } from './testing/lines.ts'

const planted = `sk-planted-${'a1B2c3D4'}`

describe('createLog', () => {
  it('writes a JSON object a line: level, time, fields, message', () => {
    const destination = collectLines()
    const log = createLog({ destination, pretty: false })
    log.warn('the keys are old', { issuer: 'https://issuer.test', age: 3 })
    const [line = {}] = destination.lines
    expect(Object.keys(line)).toEqual(['level', 'time', 'issuer', 'age', 'msg'])
    expect(line).toMatchObject({
      level: 'warn',
      issuer: 'https://issuer.test',
      age: 3,
      [messageKey]: 'the keys are old',
    })
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(destination.text()).toMatch(/^\{[^\n]*\}\n$/)
  })

  it('writes what its level lets through', () => {
    const names = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
    for (const [index, level] of [...names, 'silent' as const].entries()) {
      const destination = collectLines()
      const log = createLog({ destination, pretty: false, level })
      for (const name of names) log[name](`at ${name}`)
      expect(destination.lines.map((line) => line['level'])).toEqual(names.slice(index))
    }
  })

  it('never shows a planted secret, by whichever way it comes', () => {
    const destination = collectLines()
    const log = createLog({ destination, pretty: false })
    const cause = new Error(`cause with ${planted}`)
    const upstream = { status: 401, message: `Incorrect API key provided: ${planted}.` }
    log.error(`a message with ${planted}`)
    log.error('an error', { error: new Error(`with ${planted}`, { cause }) })
    log.error('the gateway’s own', {
      error: new GatewayError('upstream_auth_failed', `refused ${planted}`, { upstream, cause }),
    })
    log.error('members of an error', { error: Object.assign(new Error('x'), { headers: { a: planted } }) })
    log.error('fields', {
      authorization: planted,
      headers: { authorization: `Bearer ${planted}` },
      note: planted,
    })
    log.error('deep', { one: [{ two: { api_key: planted, text: `it was ${planted}` } }] })
    expect(destination.lines).toHaveLength(6)
    expect(destination.text()).not.toContain('planted')
    expect(destination.text()).not.toContain(planted.slice(-8))
  })

  it('does not throw where the destination does', () => {
    const destination = {
      write: () => {
        throw new Error('closed')
      },
    }
    expect(() => createLog({ destination, pretty: false }).info('lost')).not.toThrow()
  })

  it('does not throw where a field does', () => {
    const destination = collectLines()
    const log = createLog({ destination, pretty: false })
    const fields = Object.defineProperty({}, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('unreadable')
      },
    })
    expect(() => log.info('lost', fields)).not.toThrow()
    log.info('next')
    expect(destination.lines.map((line) => line['msg'])).toEqual(['next'])
  })

  it('is readable text where it is asked for, in the same order', () => {
    const written: string[] = []
    const log = createLog({ destination: { write: (text) => written.push(text) }, pretty: true })
    log.info('one', { team: 'research' })
    log.error('two')
    const text = written.join('')
    expect(text).toMatch(/INFO.*one[\s\S]*team.*research[\s\S]*ERROR.*two/)
    expect(() => JSON.parse(written[0] ?? '')).toThrow(SyntaxError)
  })

  it('does not wait for a destination beyond its time', async () => {
    let closed = 0
    const destination = {
      write: () => {},
      flush: () => new Promise<void>(() => {}),
      close: () => {
        closed++
      },
    }
    const log = createLog({ destination, pretty: false, flushTimeoutMs: 5 })
    await log.flush()
    await log.close()
    expect(closed).toBe(1)
  })

  it('does not reject where a destination cannot be flushed', async () => {
    const destination = { write: () => {}, flush: () => Promise.reject(new Error('gone')) }
    await expect(createLog({ destination, pretty: false }).flush()).resolves.toBeUndefined()
  })
})
