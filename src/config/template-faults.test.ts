import { afterAll, expect, it } from 'vitest'
import { createProviders } from '../providers/index.ts'
import { loadFile } from './load.ts'

const providers = createProviders()
afterAll(async () => {
  for (const provider of providers.values()) await provider.close?.()
})

const file = (text: string) => `
models:
  - name: theirs
    connections:
      - name: only
        provider: custom
        model_name: x
        credentials: { creds_type: CUSTOM, secrets: { key: planted-secret-value } }
        custom:
          url: https://api.example.com/generate
          method: POST
          headers: { authorization: "Bearer {{key}}" }
          request: '{ "prompt": messages[-1].content }'
          response:
            text: ${text}
`

async function load(text: string) {
  const readFile = async () => ({ text: file(text), version: '1' })
  return loadFile({ path: 'modelgate.yaml', environment: {}, readFile, providers })
}

it('says which expression does not compile, and where', async () => {
  const result = await load(`'answer.('`)
  expect(result).toMatchObject({
    faults: [{ line: 15, path: 'models[0].connections[0].custom.response.text' }],
  })
  expect(JSON.stringify(result)).not.toContain('planted')
})

it('takes one that does', async () => {
  expect(await load('answer.text')).toHaveProperty('config')
})
