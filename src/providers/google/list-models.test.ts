import { describe, expect, it } from 'vitest'
import { answered } from './fixtures/answers.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { listModels } from './list-models.ts'

const ofGemini = listModels.request(gemini().credential)
const ofVertex = listModels.request(vertex({ settings: { gcp_location: 'global' } }).credential)
const [page] = answered({
  models: [
    { name: 'models/gemini-2.5-pro', supportedGenerationMethods: ['generateContent', 'countTokens'] },
    { name: 'models/gemini-embedding-001', supportedGenerationMethods: ['embedContent'] },
    { name: 'models/gemini-2.5-flash-image', supportedGenerationMethods: ['generateContent'] },
    { name: 'models/veo-3', supportedGenerationMethods: ['predictLongRunning'] },
    { name: 'models/gemini-2.5-flash-preview-tts', supportedGenerationMethods: ['generateContent'] },
  ],
  nextPageToken: 'p2',
})

describe('the list of models', () => {
  it('of the Gemini API holds what answers with text or vectors, page by page', () => {
    expect(ofGemini.url).toBe('https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000')
    const { models, next } = listModels.read(page as never, ofGemini)
    expect(models).toEqual([
      { id: 'gemini-2.5-pro', kind: 'chat' },
      { id: 'gemini-embedding-001', kind: 'embedding' },
    ])
    expect(next?.url).toBe(`${ofGemini.url}&pageToken=p2`)
    expect(next && listModels.read(page as never, next).next).toBeNull()
  })

  it('of Vertex AI is told apart by names', () => {
    expect(ofVertex.url).toBe(
      'https://aiplatform.googleapis.com/v1beta1/publishers/google/models?pageSize=100',
    )
    expect(ofVertex.headers['x-goog-user-project']).toBe('demo')
    const names = [
      'gemini-2.5-flash',
      'text-embedding-005',
      'imagen-4',
      'gemma3',
      'multimodalembedding',
      'veo-3',
    ]
    const publisherModels = names.map((name) => ({ name: `publishers/google/models/${name}` }))
    const [response] = answered({ publisherModels })
    expect(listModels.read(response as never, ofVertex)).toEqual({
      models: [
        { id: 'gemini-2.5-flash', kind: 'chat' },
        { id: 'text-embedding-005', kind: 'embedding' },
        { id: 'gemma3', kind: 'chat' },
      ],
      next: null,
    })
  })

  it('may be empty, and is nothing else', () => {
    const [empty] = answered({})
    expect(listModels.read(empty as never, ofGemini)).toEqual({ models: [], next: null })
    for (const body of [[], { models: 'none' }]) {
      const [response] = answered(body)
      expect(() => listModels.read(response as never, ofGemini)).toThrow('something other than a list')
    }
  })
})
