import { expect, it } from 'vitest'
import { providerSuite } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { answerFixtures } from './fixtures/answers.ts'
import { errorFixtures } from './fixtures/errors.ts'
import { streamFixtures } from './fixtures/streams.ts'

const provider = createProviders().get('openai')
if (provider === undefined) throw new Error('there is no openai')

providerSuite({
  name: 'openai',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

it('is in the catalogue with every preset, each by its own id', () => {
  const providers = createProviders()
  const ids = [
    'openai',
    'openai_compatible',
    'deepseek',
    'groq',
    'together',
    'fireworks',
    'sambanova',
    'cerebras',
  ]
  ids.push(
    'mistral',
    'openrouter',
    'xai',
    'perplexity',
    'vllm',
    'ollama',
    'litellm',
    'lmstudio',
    'llamacpp',
    'echo',
  )
  for (const id of ids) expect(providers.get(id)?.id).toBe(id)
  expect(providers.get('echo')).toMatchObject({ baseUrl: 'internal://echo/v1', presetOf: 'openai' })
})
