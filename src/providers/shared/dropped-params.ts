/** What the gateway itself reads of a chat. */
const ofChat: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'stream_options'])
/** What the gateway itself reads of a request for embeddings, of which there are no streams. */
export const ofEmbeddings: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format'])
const plainName = /^[\w.-]{1,64}$/
const mostNames = 32

/**
 * The client's top-level parameters that go nowhere: not in `honoured`, and asking for something. Values that are
 * OpenAI's default (null, false, 0, empty, `parallel_tool_calls: true`) are not worth a name. At most 32, since they
 * become one header.
 */
export function droppedParams(
  body: Readonly<Record<string, unknown>>,
  honoured: ReadonlySet<string>,
  ofTheGateway = ofChat,
): string[] {
  return Object.keys(body)
    .filter((name) => !ofTheGateway.has(name) && !honoured.has(name) && plainName.test(name))
    .filter((name) => asksForSomething(name, body[name]))
    .slice(0, mostNames)
}

function asksForSomething(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false
  if (name === 'parallel_tool_calls' || name === 'n') return value !== true && value !== 1
  if (typeof value !== 'object') return true
  // `metadata.stage` is read by the gateway's own routes.
  return Object.keys(value).some((key) => name !== 'metadata' || key !== 'stage')
}
