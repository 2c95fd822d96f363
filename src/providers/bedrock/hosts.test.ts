import { describe, expect, it } from 'vitest'
import { testConnection } from '../testing/chat-call.ts'
import { controlBase, runtimeTarget } from './hosts.ts'

const model = 'anthropic.claude-3-haiku-20240307-v1:0'
const path = '/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse'
const profile = 'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0'

function connection(options: {
  region?: string
  baseUrl?: string
  own?: string
  modelName?: string
  fips?: boolean
}) {
  const { region, baseUrl, own = null, modelName = model, fips = false } = options
  const settings = { ...(region ? { aws_region: region } : {}), ...(baseUrl ? { base_url: baseUrl } : {}) }
  const overrides = fips ? { capabilities: { fips } } : {}
  return { ...testConnection({ provider: 'bedrock', modelName, settings, overrides }), region: own }
}

describe('runtimeTarget', () => {
  it.each([
    ['the region', { region: 'us-east-1' }, 'https://bedrock-runtime.us-east-1.amazonaws.com', 'us-east-1'],
    ['China', { region: 'cn-north-1' }, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [
      'FIPS',
      { region: 'us-gov-west-1', fips: true },
      'https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com',
      'us-gov-west-1',
    ],
    [
      "the connection's own region",
      { region: 'us-east-1', own: 'ap-south-1' },
      'https://bedrock-runtime.ap-south-1.amazonaws.com',
      'ap-south-1',
    ],
    [
      'a private endpoint',
      {
        region: 'us-east-1',
        own: 'eu-west-1',
        baseUrl: 'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com/',
      },
      'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com',
      'eu-west-1',
    ],
    [
      'a proxy with a path',
      { region: 'us-east-1', baseUrl: 'https://proxy.example/aws//' },
      'https://proxy.example/aws',
      'us-east-1',
    ],
  ])('goes to %s', (_name, options, base, region) => {
    expect(runtimeTarget(connection(options), 'converse')).toEqual({ url: `${base}${path}`, region })
  })

  it('puts an ARN into one segment and goes to its region, whatever else is named', () => {
    const target = runtimeTarget(
      connection({ region: 'us-east-1', own: 'us-west-2', modelName: profile }),
      'invoke',
    )
    expect(target.region).toBe('eu-central-1')
    expect(target.url).toBe(
      'https://bedrock-runtime.eu-central-1.amazonaws.com/model/' +
        'arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-lite-v1%3A0/invoke',
    )
    expect(new URL(target.url).pathname.split('/')).toHaveLength(4)
  })
})

describe('controlBase', () => {
  it.each([
    [{ region: 'eusc-de-east-1' }, 'https://bedrock.eusc-de-east-1.amazonaws.eu'],
    [
      { region: 'us-east-1', baseUrl: 'https://bedrock-runtime-fips.us-east-1.amazonaws.com' },
      'https://bedrock-fips.us-east-1.amazonaws.com',
    ],
    [
      { region: 'eu-west-1', baseUrl: 'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com' },
      'https://bedrock.eu-west-1.amazonaws.com',
    ],
    [{ region: 'us-east-1', baseUrl: 'http://127.0.0.1:8080/' }, 'http://127.0.0.1:8080'],
  ])('of %j is %s', (options, base) => {
    expect(controlBase(connection(options).credential)).toBe(base)
  })
})
