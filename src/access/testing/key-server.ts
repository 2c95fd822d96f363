import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FetchText } from '../issuer-fetch.ts'

/** A real server on loopback that stands in for an issuer. */
export interface KeyServer {
  readonly origin: string
  /** What it answers, by path; a path without an answer is 404, null never answers. */
  readonly answers: Map<string, string | null>
  /** What was asked, in order. */
  readonly asked: { path: string; authorization: string | undefined }[]
  close(): Promise<void>
}

export async function startKeyServer(): Promise<KeyServer> {
  const answers = new Map<string, string | null>()
  const asked: KeyServer['asked'] = []
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? ''
    asked.push({ path, authorization: incoming.headers.authorization })
    const answer = answers.get(path)
    if (answer === null) return
    outgoing.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    asked,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** `FetchText` over Node's own client. */
export const fetchOverHttp: FetchText = async (url, { bearer, signal }) => {
  const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, signal, agent: false }, resolve).on('error', reject)
  })
  const body = await text(answer)
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  return body
}
