import type { RequestBody } from '../../core/body.ts'
import type { BuiltRequests, Call } from '../../core/provider.ts'
import { unsupported } from '../shared/refusals.ts'
import type { ResolvedQuirks } from './capabilities.ts'
import { Draft, isAsked } from './draft.ts'
import { keepKnown } from './keep-known.ts'
import type { Preset } from './presets.ts'
import { isRoutingField } from './routing-fields.ts'
import { shapeChat } from './shape-chat.ts'
import { quirksOf, wayOf, type Way } from './ways.ts'

/**
 * The upstream's request: the client's body with a few top-level members changed in place (design §3). Throws 400
 * `unsupported_parameter` for what changes the answer and this upstream refuses.
 */
export function buildRequest(
  call: Call,
  provider: Preset,
  way: Way = wayOf(call.connection, provider),
): BuiltRequests {
  const { preset } = way
  const { body, dropped } = buildBody(call, preset, way.quirksFor)
  const url = way.url(call.operation)
  return { requests: [{ method: 'POST', url, headers: headersFor(call, preset.headers), body }], dropped }
}

/** The body alone, for upstreams of the same protocol at addresses of another form. */
export function buildBody(
  call: Call,
  preset: Preset,
  quirksFor: Way['quirksFor'] = (effort) => quirksOf(call.connection, preset, effort),
): { body: RequestBody; dropped: readonly string[] } {
  const { overrides, modelName } = call.connection
  const quirks = quirksFor(call.body['reasoning_effort'])
  const draft = new Draft(call)
  for (const { key } of call.raw.members) if (isRoutingField(key, preset.strip)) draft.drop(key)
  draft.set('model', modelName)
  if (!quirks.capabilities.nulls) {
    for (const { key } of call.raw.members) if (draft.get(key) === null) draft.remove(key)
  }
  refuse(draft, quirks.refuse)
  for (const name of quirks.drop) if (draft.get(name) !== undefined) draft.drop(name)
  shapeOperation(draft, call, quirks)
  shapeStream(draft, call, quirks)
  keepKnown(draft, call, preset.takes?.[call.operation])
  limitValues(draft, preset)
  if (call.operation !== 'embeddings') {
    for (const [name, value] of Object.entries(preset.defaults ?? {})) {
      if (draft.get(name) === undefined) draft.set(name, value)
    }
  }
  for (const [name, theirs] of Object.entries(preset.rename ?? {})) {
    const value = draft.get(name)
    if (value === undefined) continue
    draft.remove(name)
    draft.set(theirs, value)
  }
  for (const name of overrides.drop ?? []) draft.remove(name)
  for (const [name, value] of Object.entries(overrides.set ?? {})) draft.set(name, value)
  return { body: draft.bytes(), dropped: draft.dropped }
}

function refuse(draft: Draft, names: ReadonlySet<string>): void {
  for (const name of names) {
    const value = draft.get(name)
    if (isAsked(name, value)) throw unsupported(name, `This model does not support \`${name}\`.`)
    if (value !== undefined) draft.remove(name)
  }
}

function limitValues(draft: Draft, { values = {} }: Preset): void {
  for (const [name, taken] of Object.entries(values)) {
    const value = draft.get(name)
    if (value !== undefined && !(typeof value === 'string' && taken.includes(value))) draft.drop(name)
  }
}

function shapeOperation(draft: Draft, call: Call, { capabilities }: ResolvedQuirks): void {
  if (call.operation === 'chat') shapeChat(draft, call, capabilities)
  if (call.operation !== 'embeddings') return
  // There are no streams of embeddings: a host that knew some would answer with what nobody reads.
  for (const name of ['stream', 'stream_options']) if (draft.get(name) !== undefined) draft.drop(name)
  if (!capabilities.base64_embeddings) draft.remove('encoding_format')
  const { input } = call.body
  if (!capabilities.token_input && Array.isArray(input) && typeof input[0] !== 'string') {
    throw unsupported('input', 'This model takes texts as `input`, not token ids.')
  }
}

/** Usage is always asked for, so that it is known; whether the client sees it is decided on the way back. */
function shapeStream(draft: Draft, call: Call, { capabilities }: ResolvedQuirks): void {
  if (call.operation === 'embeddings') return
  const options = draft.get('stream_options')
  if (!call.stream || !capabilities.streaming || !capabilities.stream_options) {
    if (options !== undefined && !capabilities.stream_options) draft.remove('stream_options')
  } else if (!call.includeUsage) {
    draft.set('stream_options', { ...(options as object | null | undefined), include_usage: true })
  }
  if (!call.stream || capabilities.streaming) return
  if (call.operation === 'completions') throw unsupported('stream', 'This model cannot stream completions.')
  draft.remove('stream_options')
  draft.set('stream', false)
}

/**
 * The client's headers, the preset's and the connection's own. What says how the body is to be read comes last: no
 * header of the client's changes that.
 */
export function headersFor(call: Call, presetHeaders: Preset['headers'] = {}): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in call.headers) {
    const value = call.headers[name]
    if (value !== undefined && !name.startsWith('anthropic-')) headers[name] = value
  }
  for (const own of [presetHeaders, call.connection.overrides.headers]) {
    for (const name in own) headers[name.toLowerCase()] = own[name] as string
  }
  const streams = call.stream && call.operation !== 'embeddings'
  headers['content-type'] = 'application/json'
  headers['accept'] = streams ? 'text/event-stream' : 'application/json'
  // A compressed stream could not be tapped.
  headers['accept-encoding'] = 'identity'
  return headers
}
