import { asObject } from '../shared/json.ts'

interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[]
}

/** `logprobsResult` as OpenAI's `logprobs`; undefined where there is none. */
export function mapLogprobs(result: unknown): { content: object[]; refusal: null } | undefined {
  const stated = asObject(result)
  const chosen = stated?.['chosenCandidates']
  if (!Array.isArray(chosen)) return undefined
  const top: unknown = stated?.['topCandidates']
  const tops: readonly unknown[] = Array.isArray(top) ? top : []
  const content = chosen.flatMap((candidate, index) => {
    const token = readToken(candidate)
    if (token === null) return []
    const others = asObject(tops[index])?.['candidates']
    const list: readonly unknown[] = Array.isArray(others) ? others : []
    return [{ ...token, top_logprobs: list.map(readToken).filter((other) => other !== null) }]
  })
  return { content, refusal: null }
}

function readToken(value: unknown): TokenLogprob | null {
  const { token, logProbability } = asObject(value) ?? {}
  if (typeof token !== 'string') return null
  // proto3 leaves out what is 0: a token that was certain.
  const logprob = typeof logProbability === 'number' ? logProbability : 0
  return { token, logprob, bytes: [...Buffer.from(token, 'utf8')] }
}
