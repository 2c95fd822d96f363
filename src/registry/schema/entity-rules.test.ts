import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCatalogue } from '../testing/catalogue.ts'
import { evenIfBroken, rules } from './entity-fault.ts'
import { entityFaults } from './entity-rules.ts'
import { fileEntityShape } from './file-entities.ts'
import { fieldLabel, issueText } from './issue-text.ts'

const providers = createCatalogue()
const schema = z.strictObject(fileEntityShape(providers)).superRefine(
  rules((entities) => entityFaults(entities, providers)),
  evenIfBroken,
)

function faultsOf(entities: Record<string, unknown>): string[] {
  const { error } = schema.safeParse(entities, { error: issueText })
  return (error?.issues ?? []).map(({ path, message, ...issue }) => {
    const isSentence = 'params' in issue && issue.params !== undefined
    return `${path.join('.')}: ${isSentence ? message : `${fieldLabel(path)} ${message}`}`
  })
}

const key = (value: string, more: object = {}) => ({
  creds_type: 'API_KEY',
  provider: 'openai',
  api_key: value,
  ...more,
})
const connection = (name: string, more: object = {}) => ({
  name,
  model_name: 'upstream',
  credentials: key(`key-of-${name}`),
  ...more,
})
const model = (name: string, more: object = {}) => ({ name, connections: [connection('one')], ...more })

describe('names', () => {
  it('are unique among credentials, teams, a model’s connections, and models with routes', () => {
    expect(
      faultsOf({
        credentials: [
          { name: 'a', ...key('1') },
          { name: ' A ', ...key('2') },
        ],
        teams: [{ name: 'Gr\u00fcn' }, { name: 'gru\u0308n' }],
        models: [
          model('m', { connections: [connection('one'), connection('ONE', { credentials: key('other') })] }),
          model('M'),
        ],
        routes: [{ name: 'm', default: ['m'] }],
      }),
    ).toEqual([
      'credentials.1.name: the name "A" is taken already, by credentials[0]',
      'models.1.name: the name "M" is taken already, by models[0]',
      'routes.0.name: the name "m" is taken already, by models[0]',
      'teams.1.name: the name "gr\u00fcn" is taken already, by teams[0]',
      'models.0.connections.1.name: the model has two connections named "ONE"',
    ])
  })

  it('of models and routes may hold slashes, colons and spaces, not #', () => {
    expect(
      faultsOf({
        models: [model('meta/llama:70b instruct'), model('a#b')],
        routes: [{ name: 'r#', default: ['meta/llama:70b instruct'] }],
      }),
    ).toEqual(['models.1.name: name must not hold "#"', 'routes.0.name: name must not hold "#"'])
  })
})

describe('a connection', () => {
  it('names a credential that is there, or holds one, not both and not neither', () => {
    expect(
      faultsOf({
        credentials: [{ name: 'Main', ...key('1') }],
        models: [
          model('m', {
            connections: [
              { name: 'a', model_name: 'x', credential: 'main' },
              { name: 'b', model_name: 'x', credential: 'nobody' },
              { name: 'c', model_name: 'x' },
              { name: 'd', model_name: 'x', credential: 'main', credentials: key('2') },
            ],
          }),
        ],
      }),
    ).toEqual([
      'models.0.connections.2.credential: credential (a name) or credentials (in place) is required',
      'models.0.connections.3.credentials: credential and credentials exclude each other',
      'models.0.connections.1.credential: there is no credential named "nobody"',
    ])
  })

  it('agrees with its model and its credential on the provider', () => {
    const open = { creds_type: 'API_KEY', api_key: 'open' }
    const inline = (credentials: object, more: object = {}) => [connection('one', { credentials, ...more })]
    expect(
      faultsOf({
        models: [
          model('nobody-names-it', { connections: inline(open) }),
          model('the-model-names-it', { provider: 'groq', connections: inline(open) }),
          model('the-connection-names-it', { connections: inline(open, { provider: 'groq' }) }),
          model('model-disagrees', { provider: 'groq', connections: inline(key('1')) }),
          model('connection-disagrees', { connections: inline(key('2'), { provider: 'groq' }) }),
          model('type-disagrees', { provider: 'bedrock', connections: inline(open) }),
          model('lacks-an-address', { provider: 'openai_compatible', connections: inline(open) }),
          model('unknown', { provider: 'nobody', connections: inline(open) }),
        ],
      }),
    ).toEqual([
      'models.7.provider: there is no provider "nobody"',
      'models.0.connections.0.provider: provider is required where the credential names none',
      'models.3.connections.0.provider: the credential is for openai, not groq',
      'models.4.connections.0.provider: the credential is for openai, not groq',
      'models.5.connections.0.provider: bedrock takes AWS credentials',
      'models.6.connections.0.credential: base_url is required for openai_compatible',
    ])
    const { error } = schema.safeParse({ models: [model('m', { provider: 'groq' })] })
    expect(error?.issues[0]).toMatchObject({ params: { code: 'provider_mismatch' } })
  })

  it('of a custom provider needs a template, its own or its model’s; of others it takes none', () => {
    const custom = { url: 'https://a.test', request: '{}', response: { text: 'text' } }
    const credentials = { creds_type: 'CUSTOM', secrets: { token: 't' } }
    expect(
      faultsOf({
        models: [
          model('own', { connections: [connection('one', { credentials, custom })] }),
          model('of-the-model', { custom, connections: [connection('one', { credentials })] }),
          model('none', { connections: [connection('one', { credentials })] }),
          model('no-use', { connections: [connection('one', { custom })] }),
        ],
      }),
    ).toEqual([
      'models.2.connections.0.custom: custom is required with CUSTOM credentials',
      'models.3.connections.0.custom: custom is only for CUSTOM credentials',
    ])
  })
})

describe('the same key twice in a model', () => {
  const pair = (one: object, other: object) =>
    faultsOf({
      credentials: [{ name: 'shared', ...key('same') }],
      models: [model('m', { connections: [connection('a', one), connection('b', other)] })],
    })
  const refused = [
    'models.0.connections.1: the key is that of connections[0], for the same endpoint, region and model',
  ]
  const aws = (more: object) => ({
    credentials: {
      creds_type: 'AWS',
      aws_region: 'us-east-1',
      aws_access_key_id: 'id',
      aws_secret_access_key: 'same',
      ...more,
    },
  })

  it.each<[string, object, object]>([
    ['in place and in place', { credentials: key('same') }, { credentials: key('same') }],
    ['in place and by name', { credentials: key('same') }, { credentials: undefined, credential: 'SHARED' }],
    [
      'at the usual address, written out',
      { credentials: key('same') },
      { credentials: key('same', { base_url: 'https://API.openai.test/v1/' }) },
    ],
    ['with another session token', aws({ aws_session_token: 'a' }), aws({ aws_session_token: 'b' })],
    ['with the region named twice', aws({}), { ...aws({ aws_region: 'eu-west-1' }), region: 'us-east-1' }],
  ])('is refused: %s', (_, one, other) => {
    expect(pair(one, other)).toEqual(refused)
  })

  it.each<[string, object, object]>([
    ['for another model', { credentials: key('same') }, { credentials: key('same'), model_name: 'other' }],
    [
      'at another address',
      { credentials: key('same') },
      { credentials: key('same', { base_url: 'https://proxy.test' }) },
    ],
    ['in another region', aws({}), { ...aws({}), region: 'eu-west-1' }],
    [
      'without a key',
      { credentials: { creds_type: 'API_KEY', provider: 'echo' } },
      { credentials: { creds_type: 'API_KEY', provider: 'echo' } },
    ],
    [
      'by a role alone',
      aws({ aws_role_arn: 'r', aws_access_key_id: '', aws_secret_access_key: '' }),
      aws({ aws_role_arn: 'r', aws_access_key_id: '', aws_secret_access_key: '' }),
    ],
  ])('passes: %s', (_, one, other) => {
    expect(pair(one, other)).toEqual([])
  })

  it('is not told by showing it', () => {
    expect(JSON.stringify(pair({ credentials: key('same') }, { credentials: key('same') }))).not.toContain(
      '"same"',
    )
  })
})

describe('a model', () => {
  it('has fields that agree with each other', () => {
    expect(
      faultsOf({
        models: [
          model('a', { builtin: true, team_access: ['research'] }),
          model('b', { embedding_dimensions: 3 }),
          model('c', { connections: [] }),
          model('d', { team_access: 'everyone' }),
          model('e', { supported_stages: ['dreaming'], policy: 'random' }),
          model('f', { team_access: [], is_embedding: true, embedding_dimensions: 3 }),
        ],
      }),
    ).toEqual([
      'models.0.team_access: a built-in model is open to every team: leave team_access out',
      'models.1.embedding_dimensions: embedding_dimensions needs is_embedding: true',
      'models.2.connections: connections must not be empty',
      'models.3.team_access: team_access must be all, or a list of teams',
      'models.4.supported_stages.0: supported_stages[0] must be one of planning, tool_call, summarization, guardrail',
      'models.4.policy: policy must be one of weighted, least_busy, lowest_latency, affinity',
    ])
  })

  it('has connections whose headers the gateway does not set itself', () => {
    const overrides = (headers: object) =>
      model('m', { connections: [connection('one', { overrides: { headers } })] })
    expect(faultsOf({ models: [overrides({ Authorization: 'x', 'a b': 'y', 'X-Ok': 'z\n' })] })).toEqual([
      'models.0.connections.0.overrides.headers.Authorization: Authorization is a header that the gateway sets itself',
      'models.0.connections.0.overrides.headers.a b: a b is no name for a header',
      'models.0.connections.0.overrides.headers.X-Ok: X-Ok must be printable',
    ])
  })
})

describe('a route', () => {
  it('names models that are there, once, and only for stages they support', () => {
    expect(
      faultsOf({
        models: [model('fast', { supported_stages: ['planning'] }), model('Deep')],
        routes: [
          {
            name: 'auto',
            stages: { planning: ['fast', 'deep'], tool_call: ['fast'], guardrail: ['gone'] },
            default: ['fast', 'FAST'],
          },
          { name: 'chain', default: ['auto'] },
          { name: 'empty', stages: { dreaming: ['fast'] }, default: [] },
        ],
      }),
    ).toEqual([
      'routes.2.stages: stages has the unknown key "dreaming"',
      'routes.2.default: default must not be empty',
      'routes.0.default.1: "FAST" is listed twice',
      'routes.0.stages.tool_call.0: "fast" does not support the stage tool_call',
      'routes.0.stages.guardrail.0: there is no model named "gone"',
      'routes.1.default.0: there is no model named "auto"',
    ])
  })
})
