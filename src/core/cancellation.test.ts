import { describe, expect, it } from 'vitest'
import { abortable, Cancellation, type Signal } from './cancellation.ts'

const kinds: [string, () => { signal: Signal; abort: (reason: unknown) => void }][] = [
  [
    'a cancellation',
    () => {
      const signal = new Cancellation()
      return { signal, abort: (reason) => signal.abort(reason) }
    },
  ],
  [
    'an AbortSignal, which it stands for',
    () => {
      const controller = new AbortController()
      return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
    },
  ],
]

describe.each(kinds)('%s', (_name, create) => {
  it('tells every listener once, in order, and not those that went', () => {
    const { signal, abort } = create()
    const heard: string[] = []
    const gone = () => heard.push('gone')
    signal.addEventListener('abort', () => heard.push(`first: ${String(signal.reason)}`))
    signal.addEventListener('abort', gone)
    const second = () => heard.push('second')
    signal.addEventListener('abort', second)
    signal.addEventListener('abort', second)
    signal.removeEventListener('abort', gone)
    signal.removeEventListener('abort', gone)
    expect(signal.aborted).toBe(false)
    signal.throwIfAborted()
    abort('left')
    abort('again')
    expect(heard).toEqual(['first: left', 'second'])
    expect(signal).toMatchObject({ aborted: true, reason: 'left' })
    expect(() => signal.throwIfAborted()).toThrow('left')
  })

  it('lets a listener take itself or another away while they are told', () => {
    const { signal, abort } = create()
    const heard: string[] = []
    const first = () => {
      heard.push('first')
      signal.removeEventListener('abort', first)
      signal.removeEventListener('abort', second)
    }
    const second = () => heard.push('second')
    signal.addEventListener('abort', first)
    signal.addEventListener('abort', second)
    signal.addEventListener('abort', () => heard.push('third'))
    abort('left')
    expect(heard).toEqual(['first', 'third'])
  })

  it('ends a wait, and only that', async () => {
    const { signal, abort } = create()
    await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(abortable(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
    const waiting = abortable(new Promise(() => {}), signal)
    abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    await expect(abortable(Promise.resolve(1), signal)).rejects.toThrow('left')
  })
})
