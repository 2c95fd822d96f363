import { describe, expect, it } from 'vitest'
import { namesOf } from './model-kinds.ts'

const unknown = (...ids: string[]) => ids.map((id) => ({ id, kind: 'unknown' as const }))

describe('models whose provider does not say what they do', () => {
  it.each([
    'gpt-image-1',
    'dall-e-3',
    'imagen-4',
    'flux.1-dev',
    'stable-diffusion-xl',
    'whisper-large-v3',
    'tts-1',
    'gpt-4o-transcribe',
    'gpt-4o-realtime-preview',
    'amazon.nova-sonic-v1:0',
    'sora-2',
    'veo-3',
    'omni-moderation-latest',
    'rerank-v3.5',
  ])('%s is left out', (id) => {
    expect(namesOf(unknown(id), null)).toEqual([])
  })

  it.each(['text-embedding-3-large', 'bge-m3', 'nomic-embed-text', 'intfloat/e5-mistral-7b', 'voyage-3'])(
    '%s gives embeddings',
    (id) => {
      expect(namesOf(unknown(id), true)).toEqual([id])
      expect(namesOf(unknown(id), false)).toEqual([])
    },
  )

  it.each(['gpt-4o', 'llama-3.3-70b', 'claude-sonnet-4-5', 'command-r-plus', 'mistral-large'])(
    '%s gives text',
    (id) => {
      expect(namesOf(unknown(id), false)).toEqual([id])
      expect(namesOf(unknown(id), true)).toEqual([])
    },
  )
})

it('what the provider says counts more than a name, and each name stands once', () => {
  const said = [
    { id: 'embed-chat', kind: 'chat' as const },
    { id: 'b', kind: 'chat' as const },
    { id: 'b', kind: 'chat' as const },
    { id: 'a', kind: 'embedding' as const },
  ]
  expect(namesOf(said, false)).toEqual(['b', 'embed-chat'])
  expect(namesOf(said, null)).toEqual(['a', 'b', 'embed-chat'])
})
