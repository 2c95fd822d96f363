import type { Model, Principal } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import { Refusal } from './refusals.ts'

/** What of a model says who may use it. */
export type ModelAccess = Pick<Model, 'name' | 'builtin' | 'teamAccess'>

export interface AuthoriseOptions {
  principal: Principal
  model: ModelAccess
  /** `x-modelgate-team`; null where the caller names none. */
  namedTeam: string | null
  /** `openai-project`, `openai-organization`: they count where they name one of the caller's teams. */
  hintedTeams: readonly string[]
}

const MAX_ECHO = 200

/**
 * The team a request is made for (design §4): the one named, else one hinted at, else the caller's first that may use
 * the model; null where the caller has none and the model is open to all. Throws 403 `team_not_allowed` for a named
 * team that is not the caller's, and 404 `model_not_found` where the model is not open to the team.
 */
export function authoriseModel({ principal, model, namedTeam, hintedTeams }: AuthoriseOptions): {
  team: string | null
} {
  requireTeam(principal, namedTeam)
  if (!isWithinLimit(principal, model)) throw modelNotFound(model.name)
  const hinted = hintedTeams.filter((team) => principal.teams.includes(team))
  const teams = namedTeam !== null ? [namedTeam] : hinted.length > 0 ? hinted : principal.teams
  if (isOpenToAll(model)) return { team: teams[0] ?? null }
  const team = teams.find((candidate) => isOpenTo(model, candidate))
  if (team === undefined) throw modelNotFound(model.name)
  return { team }
}

/**
 * Throws 403 `team_not_allowed` where the named team is not the caller's. To be asked before the model is looked up,
 * so that the answer does not tell which models there are.
 */
export function requireTeam(principal: Principal, namedTeam: string | null): void {
  if (namedTeam === null || principal.teams.includes(namedTeam)) return
  throw new Refusal('team', { param: 'x-modelgate-team' })
}

/** Whether any team of the caller's may use the model: what a list shows. */
export function mayUse(principal: Principal, model: ModelAccess): boolean {
  if (!isWithinLimit(principal, model)) return false
  return isOpenToAll(model) || principal.teams.some((team) => isOpenTo(model, team))
}

/** The one answer for models that are unknown, deleted, or not open to the caller. */
export function modelNotFound(name: string): GatewayError {
  const shown = name.slice(0, MAX_ECHO).toWellFormed()
  const message = `The model \`${shown}\` does not exist or you do not have access to it.`
  return new GatewayError('model_not_found', message, { param: 'model' })
}

function isOpenToAll({ builtin, teamAccess }: ModelAccess): boolean {
  return builtin || teamAccess === 'all'
}

function isOpenTo({ teamAccess }: ModelAccess, team: string): boolean {
  return teamAccess !== 'all' && teamAccess.has(team)
}

function isWithinLimit({ models }: Principal, { name }: ModelAccess): boolean {
  return models === null || models.includes(name)
}
