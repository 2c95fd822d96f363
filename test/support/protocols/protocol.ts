import type { SeenRequest } from '../upstream.ts'

/** A tool call of the scene: its arguments whole, and as a stream splits them (none: a tool without arguments). */
export interface ScriptedCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
  readonly fragments: readonly string[]
}

/** What the model says in one turn, before a protocol puts it on the wire. */
export type Turn = { readonly words: readonly string[] } | { readonly calls: readonly ScriptedCall[] }

/** What every upstream counts in its own words. */
export const counted = { input: 7, output: 3 }

export type Frame = string | Uint8Array

/** A stream's parts: without its ending an answer is not whole. */
export interface Frames {
  readonly opening: readonly Frame[]
  readonly deltas: readonly Frame[]
  readonly ending: readonly Frame[]
}

/** What an upstream was asked, read out of its own form. */
export interface Asked {
  readonly model: string
  readonly system: string
  readonly user: string
  readonly tools: readonly string[]
  /** Results of tools, with the name of the tool that each answers. */
  readonly results: readonly ToolResult[]
}

export interface ToolResult {
  readonly name: string
  readonly text: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export type Refusal = 'limited' | 'denied' | 'overflow'

export interface Embeddings {
  readonly modelName: string
  readonly path: string
  /** Further fields of the connection. */
  connection?(origin: string): Readonly<Record<string, unknown>>
  /** The vectors of the texts of a request, in the upstream's own form. */
  answer(request: SeenRequest): Answer
  /** Tokens that the upstream counts for two texts. */
  readonly tokens: number
}

/** One provider as the scene drives it: the operator's configuration, and the upstream's own protocol. */
export interface Protocol {
  readonly name: string
  readonly provider: string
  readonly modelName: string
  /** Inline credential; `key` is its secret, another for every model. */
  credential(origin: string, key: string): Readonly<Record<string, unknown>>
  /** Further fields of the chat connection. */
  connection?(origin: string): Readonly<Record<string, unknown>>
  path(stream: boolean): string
  /** Throws unless the request bears the credential as this provider wants it. */
  authorize(request: SeenRequest, key: string): void
  /** Answers at `/token`, where secrets are exchanged for tokens. */
  exchange?(request: SeenRequest): Promise<Answer>
  read(request: SeenRequest): Asked
  whole(turn: Turn): Answer
  frames(turn: Turn): Frames
  readonly streamType: string
  /** Whether a request asks for a stream. */
  isStream(request: SeenRequest): boolean
  /** false: tools in a streamed request are refused. */
  readonly streamsTools?: boolean
  refuse(kind: Refusal): Answer
  /** Seconds that a client is told to wait when `limited`, at least and at most: the upstream's, or the gateway's own. */
  readonly waits: readonly [least: number, most: number]
  /** An error inside a stream, and the status that it has for the client where it is the first thing there. */
  readonly failure: { readonly frame: Frame; readonly status: number }
  readonly embeddings?: Embeddings
}

export const vectors: Readonly<Record<string, readonly number[]>> = {
  first: [0.25, -0.5, 1],
  second: [1, 0, 0.5],
}

export function vectorOf(text: unknown): readonly number[] {
  const vector = vectors[String(text)]
  if (vector === undefined) throw new Error(`no vector was written for ${String(text)}`)
  return vector
}

/** A value deep inside parsed JSON; undefined where the way breaks off. */
export function pick(value: unknown, ...way: readonly (string | number)[]): unknown {
  return way.reduce<unknown>(
    (inner, step) => (inner as Record<string | number, unknown> | null)?.[step],
    value,
  )
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text, or a list of blocks that hold `text`. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  const texts = list(value).map((block) => pick(block, 'text'))
  return texts.filter((text) => typeof text === 'string').join('')
}

export function callsOf(turn: Turn): readonly ScriptedCall[] {
  return 'calls' in turn ? turn.calls : []
}

export function wordsOf(turn: Turn): readonly string[] {
  return 'words' in turn ? turn.words : []
}

/** Throws, telling both, unless the header holds exactly this. */
export function requireHeader(request: SeenRequest, name: string, value: string): void {
  const actual = request.headers[name]
  if (actual !== value) throw new Error(`${name}: expected ${value}, got ${String(actual)}`)
}

export const bearer = (request: SeenRequest, key: string): void =>
  requireHeader(request, 'authorization', `Bearer ${key}`)

/** Where the body tells whether a stream is asked for. */
export const streamsByBody = (request: SeenRequest): boolean => request.json()['stream'] === true

/** `waits` where the upstream asks for seven seconds, of which some are gone when the client is told. */
export const asksFor7s = [6, 7] as const
