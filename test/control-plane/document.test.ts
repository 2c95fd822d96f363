import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, createChecker, startControlPlane } from '../support/control-plane.ts'

describe('the document of the control plane', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane()
  })
  afterAll(() => plane.stop())

  it('lints clean', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source: JSON.stringify(plane.document), config })
    expect(
      problems.map(({ ruleId, message, location }) => ({ ruleId, message, at: location[0]?.pointer })),
    ).toEqual([])
  })

  it('would not lint clean with a reference to nothing', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const broken = JSON.stringify(plane.document).replace(
      '#/components/schemas/Error',
      '#/components/schemas/Eror',
    )
    const problems = await lintFromString({ source: broken, config })
    expect(problems.map(({ ruleId }) => ruleId)).toContain('no-unresolved-refs')
  })

  it('names every operation once, and says what each takes and answers', () => {
    const operations = Object.values(plane.document.paths).flatMap((path) => Object.values(path))
    const ids = operations.map(({ operationId }) => operationId)
    expect(ids.length).toBeGreaterThan(35)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is what answers are checked against: another answer would be noticed', () => {
    const check = createChecker(plane.document)
    expect(() => check('GET', '/ai/api/v1/teams', 200, { items: [], next: null })).not.toThrow()
    expect(() => check('GET', '/ai/api/v1/teams', 200, { items: [], next: 1 })).toThrow('next')
    expect(() => check('GET', '/ai/api/v1/teams', 200, { items: [{ id: 'x' }], next: null })).toThrow(
      'required',
    )
    expect(() => check('GET', '/ai/api/v1/teams', 418, {})).toThrow('not described')
    expect(() => check('DELETE', '/ai/api/v1/teams/x', 204, {})).toThrow('none is described')
  })
})
