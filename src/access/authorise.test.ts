import { describe, expect, it } from 'vitest'
import type { Principal } from '../core/entities.ts'
import { errorBody, type GatewayError } from '../core/errors.ts'
import { authoriseModel, mayUse, modelNotFound, requireTeam, type ModelAccess } from './authorise.ts'

function caller(teams: string[], models: string[] | null = null): Principal {
  return { subject: 's', issuer: 'i', teams, roles: [], tokenId: null, admin: false, models }
}

function model(teamAccess: 'all' | string[], builtin = false): ModelAccess {
  return { name: 'gpt', builtin, teamAccess: teamAccess === 'all' ? 'all' : new Set(teamAccess) }
}

interface Case {
  teams?: string[]
  models?: string[] | null
  access?: ModelAccess
  named?: string | null
  hinted?: string[]
}

function teamFor({ teams = [], models = null, access = model('all'), named = null, hinted = [] }: Case) {
  return authoriseModel({
    principal: caller(teams, models),
    model: access,
    namedTeam: named,
    hintedTeams: hinted,
  }).team
}

function refusalOf(refused: Case): GatewayError {
  try {
    teamFor(refused)
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('not refused')
}

describe('the team of a request', () => {
  it('is the one that is named', () => {
    expect(teamFor({ teams: ['a', 'b'], named: 'b' })).toBe('b')
    expect(teamFor({ teams: ['a', 'b'], named: 'b', hinted: ['a'], access: model(['b']) })).toBe('b')
  })

  it('is the one hinted at, where the caller is in it', () => {
    expect(teamFor({ teams: ['a', 'b'], hinted: ['b'] })).toBe('b')
    expect(teamFor({ teams: ['a', 'b'], hinted: ['proj_123', 'b'] })).toBe('b')
    expect(teamFor({ teams: ['a', 'b'], hinted: ['proj_123', 'org_456'] })).toBe('a')
    expect(teamFor({ teams: ['a', 'b', 'c'], hinted: ['b', 'c'], access: model(['c']) })).toBe('c')
  })

  it('is else the first that may use the model', () => {
    expect(teamFor({ teams: ['a', 'b', 'c'], access: model(['c', 'b']) })).toBe('b')
    expect(teamFor({ teams: ['a', 'b'] })).toBe('a')
    expect(teamFor({ teams: ['a', 'b'], access: model([], true) })).toBe('a')
  })

  it('is none for a caller without one, who may use what is open to all', () => {
    expect(teamFor({})).toBeNull()
    expect(teamFor({ access: model([], true) })).toBeNull()
    expect(refusalOf({ access: model(['a']) }).code).toBe('model_not_found')
  })
})

describe('a request is refused', () => {
  it("for a team that is not the caller's, whatever the model", () => {
    for (const access of [model('all'), model(['other']), model([], true)]) {
      const refusal = refusalOf({ teams: ['a'], named: 'other', access })
      expect(refusal).toMatchObject({ code: 'team_not_allowed', status: 403, failure: 'team' })
      expect(refusal.message).not.toContain('other')
    }
    expect(() => requireTeam(caller([]), 'a')).toThrow('not one of')
    expect(requireTeam(caller([]), null)).toBeUndefined()
  })

  it('for a model that its team may not use, as if there were none', () => {
    const unknown = errorBody(modelNotFound('gpt'))
    const cases: Case[] = [
      { teams: ['a'], access: model(['b']) },
      { teams: ['a'], access: model([]) },
      { teams: ['a', 'b'], named: 'a', access: model(['b']) },
      { teams: ['a', 'b'], hinted: ['a'], access: model(['b']) },
      { teams: ['a'], models: ['other'] },
      { teams: ['a'], models: [], access: model([], true) },
    ]
    for (const refused of cases) {
      expect(refusalOf(refused).status).toBe(404)
      expect(errorBody(refusalOf(refused))).toEqual(unknown)
    }
  })
})

describe('modelNotFound', () => {
  it('says what OpenAI says', () => {
    expect(errorBody(modelNotFound('gpt-9'))).toEqual({
      error: {
        message: 'The model `gpt-9` does not exist or you do not have access to it.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    })
  })

  it('echoes 200 characters at most, none of them half', () => {
    const { message } = modelNotFound('x'.repeat(199) + '😀'.repeat(1_000))
    expect(message.isWellFormed()).toBe(true)
    expect(message.length).toBeLessThan(270)
  })
})

describe('mayUse', () => {
  it("asks for any of the caller's teams", () => {
    expect(mayUse(caller(['a', 'b']), model(['b']))).toBe(true)
    expect(mayUse(caller(['a']), model(['b']))).toBe(false)
    expect(mayUse(caller([]), model([]))).toBe(false)
    expect(mayUse(caller([]), model('all'))).toBe(true)
    expect(mayUse(caller([]), model([], true))).toBe(true)
  })

  it('keeps a key to the models it is limited to', () => {
    expect(mayUse(caller(['a'], ['gpt']), model('all'))).toBe(true)
    expect(mayUse(caller(['a'], ['gpt-4']), model('all'))).toBe(false)
    expect(mayUse(caller(['a'], ['gpt']), model(['b']))).toBe(false)
  })
})
