/** What work that may be given up needs of an `AbortSignal`, which is one. */
export interface Signal {
  readonly aborted: boolean
  /** Once aborted: why. */
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * An `AbortController` and its signal in one, for what every request has and hardly any uses: an event target with its
 * checks and maps costs more than choosing a connection does.
 */
export class Cancellation implements Signal {
  aborted = false
  reason: unknown = undefined
  #listeners: (() => void)[] = []

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener)
    if (index >= 0) this.#listeners.splice(index, 1)
  }

  /**
   * Once; each listener hears of it once, in the order in which they came. One that throws is a fault of the process,
   * as with any event target, and keeps no other from hearing.
   */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    let listener: (() => void) | undefined
    while ((listener = this.#listeners.shift()) !== undefined) {
      try {
        listener()
      } catch (error) {
        process.nextTick(() => {
          throw error
        })
      }
    }
  }
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}
