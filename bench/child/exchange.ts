import type { Dispatcher } from 'undici'
import type { Target } from '../messages.ts'

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher
  readonly request: Dispatcher.DispatchOptions
  readonly onData?: (bytes: Buffer) => void
  /** Takes the handle by which the exchange is broken off. */
  readonly onStart?: (abort: () => void) => void
}

/** One request from its sending to its answer's last byte; rejects unless the answer is a 200 and whole. */
export function exchange({ dispatcher, request, onData, onStart }: ExchangeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let refused = 0
    dispatcher.dispatch(request, {
      onRequestStart: (controller) => onStart?.(() => controller.abort(new Error('broken off'))),
      onResponseStart: (_, status) => {
        if (status !== 200) refused = status
      },
      onResponseData: (_, bytes) => {
        if (refused === 0) onData?.(bytes)
        else reject(new Error(`status ${refused}: ${bytes.toString('utf8', 0, 300)}`))
      },
      onResponseEnd: () => (refused === 0 ? resolve() : reject(new Error(`status ${refused}`))),
      onResponseError: (_, error) => reject(error),
    })
  })
}

/** The same request every time: its body is made once. */
export function requestTo({
  port,
  headers,
  model,
  promptBytes,
  isStream,
}: Target): Dispatcher.DispatchOptions {
  const content = 'lorem ipsum '.repeat(Math.ceil(promptBytes / 12)).slice(0, promptBytes)
  return {
    origin: `http://127.0.0.1:${port}`,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content }],
      ...(isStream && { stream: true }),
    }),
  }
}
