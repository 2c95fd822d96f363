import { expect, it } from 'vitest'
import { testConnection } from '../testing/chat-call.ts'
import { azureUrl } from './address.ts'

const v1 = 'https://res.openai.azure.com/openai/v1/chat/completions'
const versioned =
  'https://res.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21'

it.each<[name: string, endpoint: string, version: string, url: string]>([
  ['a resource and a date', 'https://res.openai.azure.com', '2024-10-21', versioned],
  ['a trailing slash', 'https://res.openai.azure.com/', '2024-10-21', versioned],
  ['the resource’s /openai', 'https://res.openai.azure.com/openai/', '2024-10-21', versioned],
  [
    'a URL copied whole, of another deployment and version',
    'https://res.openai.azure.com/openai/deployments/old/chat/completions?api-version=2023-05-15',
    '2024-10-21',
    versioned,
  ],
  ['a resource and v1', 'https://res.openai.azure.com', 'v1', v1],
  ['a v1 root and a date', 'https://res.openai.azure.com/openai/v1/', '2024-10-21', v1],
  ['a v1 root with a version in it', 'https://res.openai.azure.com/openai/v1?api-version=preview', 'v1', v1],
  ['a v1 URL copied whole', 'https://res.openai.azure.com/openai/v1/responses?api-version=v1', 'v1', v1],
  [
    'a Foundry host',
    'https://res.services.ai.azure.com',
    'v1',
    'https://res.services.ai.azure.com/openai/v1/chat/completions',
  ],
  [
    'a Foundry project, whatever the version',
    'https://res.services.ai.azure.com/api/projects/p1/',
    '2024-10-21',
    'https://res.services.ai.azure.com/api/projects/p1/openai/v1/chat/completions',
  ],
  [
    'a sovereign cloud',
    'https://res.openai.azure.us',
    '2025-04-01-preview',
    'https://res.openai.azure.us/openai/deployments/my%20gpt/chat/completions?api-version=2025-04-01-preview',
  ],
  [
    'a prefix, and a query of its own',
    'https://apim.test/team-a?tenant=7&api-version=2020-01-01',
    '2024-10-21',
    'https://apim.test/team-a/openai/deployments/my%20gpt/chat/completions?tenant=7&api-version=2024-10-21',
  ],
])('is right for %s', (_, azure_endpoint, api_version, url) => {
  const { credential } = testConnection({ settings: { azure_endpoint, api_version } })
  expect(azureUrl(credential, 'my gpt', '/chat/completions')).toBe(url)
})

it('goes to `base_url` where there is one', () => {
  const { credential } = testConnection({
    settings: {
      azure_endpoint: 'https://res.openai.azure.com',
      api_version: '2024-10-21',
      base_url: 'https://private.test',
    },
  })
  expect(azureUrl(credential, null, '/models')).toBe(
    'https://private.test/openai/models?api-version=2024-10-21',
  )
})
