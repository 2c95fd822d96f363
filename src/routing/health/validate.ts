import type { Connection, Credential } from '../../core/entities.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { Provider } from '../../core/provider.ts'
import { adviceOn } from './advice.ts'
import type { Asked, Asker, Refused } from './ask.ts'
import { lacksOnlyARight, type Listed, listPages } from './list-models.ts'
import { namesOf } from './model-kinds.ts'

export interface ValidationQuery {
  /** Saved or not. */
  readonly credential: Credential
  readonly provider: Provider
  /** null: what the credential may list. */
  readonly modelName: string | null
  /** null: not said. A list then holds either kind; a call is for text. */
  readonly isEmbedding: boolean | null
  /** In place of the credential's. */
  readonly region?: string | null
  /** The template of a custom upstream. */
  readonly custom?: Connection['custom']
  readonly signal: AbortSignal
}

/** The control plane's answer, field by field (design §5). */
export interface Validation {
  /** null: nothing could be proved either way. */
  readonly valid: boolean | null
  /** Names, where they could be listed. */
  readonly models: readonly string[] | null
  /** Begins with the status, or with `Model not found`. */
  readonly error: string | null
  readonly reason: FailureReason | null
  readonly latency_ms: number
}

/** Tries a credential by itself, or a model with it. Never rejects. */
export type Validate = (query: ValidationQuery) => Promise<Validation>

export function createValidate({ asker }: { asker: Asker }): Validate {
  return (query) => (query.modelName === null ? validateList(asker, query) : validateModel(asker, query))
}

async function validateList(asker: Asker, query: ValidationQuery): Promise<Validation> {
  const { provider, credential, isEmbedding, signal } = query
  const { listModels } = provider
  if (listModels === undefined) {
    return undecided(`400: ${provider.name} cannot list its models. Name a model to validate it.`, 0)
  }
  const listed = await listPages({ asker, connection: standIn(query), listModels, signal })
  const { pages, failure, latencyMs } = listed
  if (failure !== null && pages === 0) return validationOfRefusedList(failure, listModels.right, latencyMs)
  const models = namesOf(listed.models, isEmbedding)
  if (listModels.isPublic?.(credential) === true) {
    const error = `${provider.name} lists its models to anyone. Name a model to validate the credential.`
    return { ...undecided(`200: ${error}`, latencyMs), models }
  }
  return { valid: true, models, ...incompleteness(listed), latency_ms: rounded(latencyMs) }
}

/** The first page has proved the credential; that the list is not whole is worth saying all the same. */
function incompleteness({ failure }: Listed): Pick<Validation, 'error' | 'reason'> {
  if (failure === null) return { error: null, reason: null }
  const { error, reason } = problemOf(failure)
  return { error: `${error} The list is not complete.`, reason }
}

/** A list says nothing of a credential where there is none, and where inference needs less than the list. */
function validationOfRefusedList(failure: Refused, right: string | undefined, latencyMs: number): Validation {
  const status = statusOf(failure)
  if (lacksOnlyARight(failure)) {
    const missing = right === undefined ? 'the right to list models' : `\`${right}\``
    const error = `${status}: ${sentence(failure.message)} The credential lacks ${missing}, which inference does not need. Name a model to validate it.`
    return { ...undecided(error, latencyMs), reason: 'permission' }
  }
  const isNoList = failure.reason === null || failure.reason === 'model_not_found'
  if (isNoList && status >= 400 && status < 500) {
    const error = `${status}: ${sentence(failure.message)} The endpoint does not list its models. Name a model to validate it.`
    return undecided(error, latencyMs)
  }
  return refusedWith(failure, latencyMs)
}

async function validateModel(asker: Asker, query: ValidationQuery): Promise<Validation> {
  const { provider, isEmbedding, custom = null, signal } = query
  const connection = standIn(query)
  if (connection.kind === 'embedding' && provider.operations.embeddings === undefined) {
    return { ...undecided(`400: ${provider.name} has no embeddings.`, 0), valid: false }
  }
  if (provider.checkTemplate !== undefined && custom === null) {
    return undecided(`400: ${provider.name} is validated together with a model's template.`, 0)
  }
  const waysToAsk = provider.grantsStreamingApart === true && isEmbedding !== true ? [false, true] : [false]
  let latencyMs = 0
  for (const stream of waysToAsk) {
    const asked: Asked = await asker.probe(connection, signal, stream)
    latencyMs += asked.latencyMs
    if (!asked.ok) return refusedWith(stream ? inStreaming(asked) : asked, latencyMs)
  }
  return { valid: true, models: null, error: null, reason: null, latency_ms: rounded(latencyMs) }
}

function inStreaming(asked: Refused): Refused {
  return { ...asked, message: `Streaming: ${asked.message}` }
}

function refusedWith(refused: Refused, latencyMs: number): Validation {
  return { valid: false, models: null, ...problemOf(refused), latency_ms: rounded(latencyMs) }
}

function undecided(error: string, latencyMs: number): Validation {
  return { valid: null, models: null, error, reason: null, latency_ms: rounded(latencyMs) }
}

function problemOf(refused: Refused): { error: string; reason: FailureReason | null } {
  const { reason, message } = refused
  const beginning = reason === 'model_not_found' ? 'Model not found' : String(statusOf(refused))
  const hint = reason === null ? '' : ` ${adviceOn(reason)}`
  return { error: `${beginning}: ${sentence(message)}${hint}`, reason }
}

/** The provider's, or the one that a client would be shown: 502 for what was not reached, 504 for a deadline. */
function statusOf({ status, error }: Refused): number {
  return status ?? error.status
}

/** `{"a": 1}` and `no luck` become sentences that another may follow. */
function sentence(message: string): string {
  const text = message.trim()
  return /[.!?]$/.test(text) ? text : `${text === '' ? 'The provider gave no reason' : text}.`
}

function rounded(ms: number): number {
  return Math.round(ms)
}

/** What carries a credential to its provider, where no connection does yet. */
function standIn({
  credential,
  provider,
  modelName,
  isEmbedding,
  region = null,
  custom = null,
}: ValidationQuery): Connection {
  const name = modelName ?? 'validation'
  return {
    id: 'validation',
    name: 'validation',
    modelId: 'validation',
    model: name,
    kind: isEmbedding === true ? 'embedding' : 'chat',
    provider: provider.id,
    credential,
    modelName: name,
    weight: 1,
    priority: 0,
    enabled: true,
    probe: true,
    region,
    overrides: {},
    custom,
    managedBy: credential.managedBy,
  }
}
