import type { ServerResponse } from 'node:http'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { type Script, sendJson } from '../upstream.ts'
import type { Answer, Frame, Protocol, Turn } from './protocol.ts'

/** Answers where secrets are exchanged, and with `script` everywhere else. */
export function besideTokens(protocol: Protocol, script: Script): Script {
  return async (response, request, socket) => {
    if (request.path !== '/token' || protocol.exchange === undefined) return script(response, request, socket)
    send(response, await protocol.exchange(request))
  }
}

/** Says this turn, streamed or whole as the request asks. */
export function say(protocol: Protocol, turn: Turn): Script {
  return async (response, request) => {
    if (!protocol.isStream(request)) return send(response, protocol.whole(turn))
    const { opening, deltas, ending } = protocol.frames(turn)
    await stream(protocol, response, [...opening, ...deltas, ...ending])
    response.end()
  }
}

/** Answers the same whatever is asked. */
export function answer(fixed: Answer): Script {
  return (response) => send(response, fixed)
}

/** Streams these frames, then ends as `end` does. */
export function playFrames(
  protocol: Protocol,
  frames: readonly Frame[],
  end: (response: ServerResponse) => unknown = (response) => response.end(),
): Script {
  return async (response) => {
    await stream(protocol, response, frames)
    await end(response)
  }
}

/** Each frame in two pieces, so that no piece is one. */
async function stream(protocol: Protocol, response: ServerResponse, frames: readonly Frame[]): Promise<void> {
  response.writeHead(200, { 'content-type': protocol.streamType })
  for (const frame of frames) {
    const bytes = Buffer.from(frame)
    const middle = Math.ceil(bytes.length / 2)
    for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      await new Promise((resolve) => response.write(piece, resolve))
      await turnOfLoop()
    }
  }
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  sendJson(response, body, status, { ...headers })
}
