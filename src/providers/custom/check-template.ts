import type { ModelKind } from '../../core/entities.ts'
import type { TemplateFault } from '../../core/provider.ts'
import { ExpressionError } from './expression-error.ts'
import type { ExpressionPool } from './expression-pool.ts'
import {
  type CustomTemplate,
  type NamedExpression,
  responseExpressions,
  streamExpressions,
} from './template.ts'

/** Headers that belong to the connection itself (RFC 9110 §7.6.1, RFC 9112 §6). */
const ofTheTransport = [
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

const chatSample = {
  model: 'sample-model',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Say hi.' },
  ],
  stream: false,
  max_tokens: 16,
  temperature: 0.5,
}
const embeddingSample = { model: 'sample-model', input: ['one', 'two'], dimensions: 256 }

/**
 * Everything wrong with a template: parts that its kind of model needs, headers that cannot be sent, and expressions
 * that do not compile, or fail on a sample request or an empty answer. Rejects only where nothing can be tried now.
 */
export async function checkTemplate(
  pool: ExpressionPool,
  template: CustomTemplate,
  kind: ModelKind,
): Promise<TemplateFault[]> {
  const sample = JSON.stringify(kind === 'embedding' ? embeddingSample : chatSample)
  const request = { name: 'request', source: template.request }
  const tried = await Promise.all([
    tryOne(pool, request, sample),
    ...[...responseExpressions(template), ...streamExpressions(template)].map(async (expression) =>
      tryOne(pool, expression, '{}'),
    ),
  ])
  const faults = tried.filter((fault) => fault !== null)
  return [...missingParts(template, kind), ...headerFaults(template), ...faults]
}

function missingParts({ response, stream }: CustomTemplate, kind: ModelKind): TemplateFault[] {
  if (kind === 'embedding') {
    const needed = fault(['response', 'embeddings'], 'is required for an embedding model')
    return [
      ...(response.embeddings === undefined ? [needed] : []),
      ...(stream === undefined ? [] : [fault(['stream'], 'is of no use for an embedding model')]),
    ]
  }
  if (response.text !== undefined || response.tool_calls !== undefined) return []
  return [fault(['response', 'text'], 'is required for a chat model')]
}

function headerFaults({ headers = {} }: CustomTemplate): TemplateFault[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = ['headers', name]
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return [fault(path, 'is no name of a header')]
    if (ofTheTransport.includes(name.toLowerCase())) return [fault(path, 'is set by the gateway itself')]
    if (/[^\x20-\x7e\x80-\xff]/.test(value))
      return [fault(path, 'holds a character that no header can carry')]
    const rest = value.replaceAll(/\{\{\s*[\w-]+\s*\}\}/g, '')
    return rest.includes('{{') ? [fault(path, 'must name secrets as {{name}}')] : []
  })
}

async function tryOne(
  pool: ExpressionPool,
  expression: NamedExpression,
  input: string,
): Promise<TemplateFault | null> {
  const path = expression.name.split('.')
  try {
    const values = await pool.run({ expressions: [expression], input })
    const isEmpty = expression.name === 'request' && (values['request'] ?? null) === null
    return isEmpty ? fault(path, 'comes to nothing for a sample request') : null
  } catch (error) {
    if (!(error instanceof ExpressionError) || error.kind === 'busy') throw error
    const { position, message } = error
    return fault(path, position === null ? message : `at character ${position}: ${message}`, position)
  }
}

function fault(path: readonly string[], what: string, position: number | null = null): TemplateFault {
  return { path, message: `${path.join('.')}: ${what}`, position }
}
