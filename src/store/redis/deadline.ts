/**
 * Settles as `promise` does, or rejects after `ms`, or as soon as `signal` says that there is no more to wait for. What
 * the promise does afterwards is nobody's affair.
 */
export function within<Result>(
  promise: Promise<Result>,
  { ms, signal, onTimeout }: { ms: number; signal?: AbortSignal; onTimeout: () => Error },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    // After a long turn of the event loop the answer may be there, unread: sockets are read before the immediate runs.
    let immediate: NodeJS.Immediate | null = null
    const timer = setTimeout(() => {
      immediate = setImmediate(() => end(() => reject(onTimeout())))
    }, ms)
    const abort = () => end(() => reject(signal?.reason as Error))
    function end(settle: () => void): void {
      clearTimeout(timer)
      if (immediate !== null) clearImmediate(immediate)
      signal?.removeEventListener('abort', abort)
      settle()
    }
    promise.then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
    )
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
