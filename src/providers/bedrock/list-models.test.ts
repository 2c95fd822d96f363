import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../../core/provider.ts'
import { testConnection } from '../testing/chat-call.ts'
import { listModels } from './list-models.ts'

const { credential } = testConnection({ provider: 'bedrock', settings: { aws_region: 'eu-west-1' } })
const base = 'https://bedrock.eu-west-1.amazonaws.com'

const foundation = {
  modelSummaries: [
    summary('amazon.nova-lite-v1:0', ['TEXT'], ['ON_DEMAND']),
    summary('amazon.titan-embed-text-v2:0', ['EMBEDDING'], ['ON_DEMAND']),
    summary('amazon.nova-canvas-v1:0', ['IMAGE'], ['ON_DEMAND']),
    summary('amazon.nova-sonic-v1:0', ['SPEECH', 'TEXT'], ['ON_DEMAND']),
    summary('cohere.rerank-v3-5:0', ['TEXT'], ['ON_DEMAND']),
    summary('anthropic.claude-sonnet-4-5', ['TEXT'], ['INFERENCE_PROFILE']),
    summary('amazon.titan-text-lite-v1:0:4k', ['TEXT'], ['PROVISIONED']),
  ],
}

function summary(modelId: string, outputModalities: string[], inferenceTypesSupported: string[]) {
  return { modelId, outputModalities, inferenceTypesSupported }
}

function profile(id: string, model: string, type = 'SYSTEM_DEFINED', status = 'ACTIVE') {
  const modelArn = `arn:aws:bedrock:eu-west-1::foundation-model/${model}`
  return { inferenceProfileId: id, inferenceProfileArn: `arn:${id}`, models: [{ modelArn }], type, status }
}

/** Answers every page; what was asked and what came of it. */
function walk(answers: readonly unknown[]) {
  const asked: string[] = []
  const models: unknown[] = []
  let next: UpstreamRequest | null = listModels.request(credential)
  for (const answer of answers) {
    if (next === null) throw new Error('an answer too many')
    expect(next).toMatchObject({ method: 'GET', region: 'eu-west-1', body: null })
    asked.push(next.url.slice(base.length))
    const body = Buffer.from(JSON.stringify(answer))
    const page = listModels.read({ status: 200, headers: {}, body }, next)
    models.push(...page.models)
    next = page.next
  }
  expect(next).toBeNull()
  return { asked, models }
}

describe('listModels', () => {
  it('lists models that are called on demand, then both kinds of profiles, page by page', () => {
    const { asked, models } = walk([
      foundation,
      {
        inferenceProfileSummaries: [profile('eu.anthropic.claude-sonnet-4-5', 'anthropic.claude-sonnet-4-5')],
        nextToken: 'a+b/=',
      },
      {
        inferenceProfileSummaries: [
          profile('global.cohere.embed-v4:0', 'cohere.embed-v4:0'),
          profile('eu.stability.image', 'stability.sd3'),
          profile('eu.old', 'meta.llama', 'SYSTEM_DEFINED', 'LEGACY'),
        ],
      },
      { inferenceProfileSummaries: [profile('abc123', 'anthropic.claude-haiku-4-5', 'APPLICATION')] },
    ])
    expect(asked).toEqual([
      '/foundation-models',
      '/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED',
      '/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED&nextToken=a%2Bb%2F%3D',
      '/inference-profiles?maxResults=1000&type=APPLICATION',
    ])
    expect(models).toEqual([
      { id: 'amazon.nova-lite-v1:0', kind: 'chat' },
      { id: 'amazon.titan-embed-text-v2:0', kind: 'embedding' },
      { id: 'eu.anthropic.claude-sonnet-4-5', kind: 'chat' },
      { id: 'global.cohere.embed-v4:0', kind: 'embedding' },
      { id: 'arn:abc123', kind: 'chat' },
    ])
  })

  it.each(['', '[]', '{}', '{"message":"x"}', '<html>'])('takes %j for a failure of the provider', (text) => {
    const response = { status: 200, headers: {}, body: Buffer.from(text) }
    expect(() => listModels.read(response, listModels.request(credential))).toThrow('without a list')
  })
})
