import { describe, expect, it } from 'vitest'
import { issuerFaults } from './issuer-faults.ts'
import type { IssuerOptions } from './issuer.ts'
import type { Algorithm } from './json-web-keys.ts'

const one: IssuerOptions = { issuer: 'https://one.example', audience: 'gateway' }
const two: IssuerOptions = { issuer: 'https://two.example', audience: ['gateway'], teams: ['b'] }

/** Where the faults of one issuer are. */
function faultsOf(changes: Partial<IssuerOptions>): string[] {
  return issuerFaults([{ ...one, ...changes }]).map(({ path }) => path.join('.'))
}

describe('issuerFaults', () => {
  it('finds none in a good list', () => {
    expect(issuerFaults([])).toEqual([])
    expect(issuerFaults([one])).toEqual([])
    expect(issuerFaults([{ ...one, teamPrefix: 'one-' }, two])).toEqual([])
    expect(issuerFaults([{ ...one, issuer: 'idp', jwksFile: '/keys.json' }])).toEqual([])
    expect(
      issuerFaults([{ ...one, teamsClaim: ['kubernetes.io', 'namespace'], algorithms: ['EdDSA'] }]),
    ).toEqual([])
  })

  it('wants every one of several issuers kept to its teams', () => {
    expect(issuerFaults([one, two])).toEqual([
      { path: [0, 'team_prefix'], message: 'with more than one issuer each needs team_prefix or teams' },
    ])
    expect(faultsOf({ teamPrefix: '' })).toEqual(['0.team_prefix'])
  })

  it('wants issuers told apart, from one another and from the gateway', () => {
    expect(issuerFaults([two, two])).toEqual([
      { path: [1, 'issuer'], message: 'this issuer is listed twice' },
    ])
    expect(faultsOf({ issuer: 'modelgate', jwksFile: '/keys.json' })).toEqual(['0.issuer'])
    expect(faultsOf({ issuer: '', jwksFile: '/keys.json' })).toEqual(['0.issuer'])
  })

  it('wants one place to have the keys from', () => {
    expect(faultsOf({ jwksUri: 'https://one.example/keys', jwksFile: '/keys.json' })).toEqual(['0.jwks_file'])
    expect(faultsOf({ jwksUri: 'one.example/keys' })).toEqual(['0.jwks_uri'])
    expect(faultsOf({ jwksUri: 'file:///keys.json' })).toEqual(['0.jwks_uri'])
    expect(faultsOf({ issuer: 'idp' })).toEqual(['0.issuer'])
  })

  it('wants an audience, claims, and algorithms that prove something', () => {
    expect(faultsOf({ audience: '' })).toEqual(['0.audience'])
    expect(faultsOf({ audience: [] })).toEqual(['0.audience'])
    expect(faultsOf({ teamsClaim: '', rolesClaim: [] })).toEqual(['0.teams_claim', '0.roles_claim'])
    expect(faultsOf({ algorithms: [] })).toEqual(['0.algorithms'])
    for (const algorithm of ['none', 'HS256', 'toString']) {
      expect(faultsOf({ algorithms: ['RS256', algorithm as Algorithm] })).toEqual(['0.algorithms'])
    }
  })
})
