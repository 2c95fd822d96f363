import { z } from '@hono/zod-openapi'
import { nameKey } from '../registry/schema/names.ts'
import { team } from '../registry/schema/team.ts'
import { newEntityId } from '../registry/stored/codec.ts'
import type { KindedRecord, StoredTeam } from '../registry/stored/records.ts'
import type { StoredState } from '../registry/stored/state.ts'
import type { Team } from '../registry/team.ts'
import type { AdminDeps } from './deps.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import {
  expectedVersion,
  idParams,
  isFound,
  managedBy,
  searchText,
  shadowsOf,
  shadowsView,
  timeView,
  versionView,
} from './fields.ts'
import { pageBy, pageOf, pageQuery } from './paging.ts'
import { etagHeader, etagOf, requireVersion } from './preconditions.ts'
import { actorOf, draftOf, isoTime, nameTaken, requireNone, storedOr } from './records.ts'
import { notFound } from './refusal.ts'

const teamView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    managed_by: managedBy,
    shadows: shadowsView,
    version: versionView,
    created_by: z.string().nullable(),
    created_at: timeView,
    updated_at: timeView,
  })
  .openapi('Team')

const teamPatch = z.strictObject({
  name: team.shape.name.optional(),
  description: team.shape.description.nullable(),
  version: expectedVersion,
})

const tag = 'Teams'

/** `/teams` (design §5). */
export function teamEndpoints(deps: AdminDeps): Endpoint[] {
  return [makeTeam(deps), ...readingEndpoints(deps), ...changingEndpoints(deps)]
}

/** Names are one space for the teams of the file and of the store. */
function requireFree({ snapshot }: AdminDeps, at: StoredState, name: string, but?: string): void {
  const stored = at.named('team', name)
  const isDeclared = snapshot()
    .teams()
    .some((one) => one.managedBy === 'file' && nameKey(one.name) === nameKey(name))
  if (isDeclared || (stored !== undefined && stored.id !== but)) requireNone([nameTaken('team', name)])
}

function found({ snapshot }: AdminDeps, at: StoredState, id: string): StoredTeam {
  return storedOr(at.teams.get(id), 'team', snapshot().team(id))
}

function makeTeam(deps: AdminDeps): Endpoint {
  const { editor, clock } = deps
  return endpoint({
    method: 'post',
    path: '/teams',
    tag,
    summary: 'Register a team',
    body: team,
    answers: { 201: { description: 'The team', schema: teamView } },
    async handle({ body }, visit) {
      const now = isoTime(clock.now())
      const made = {
        ...body,
        id: newEntityId(),
        version: 1,
        created_by: visit.principal.subject,
        created_at: now,
        updated_at: now,
      }
      await editor.edit(actorOf(visit), (at) => {
        requireFree(deps, at, body.name)
        return changeTo(null, made)
      })
      return { status: 201, body: viewOfStored(made), headers: { etag: etagOf(1) } }
    },
  })
}

function readingEndpoints(deps: AdminDeps): Endpoint[] {
  const { snapshot } = deps
  return [
    endpoint({
      method: 'get',
      path: '/teams',
      tag,
      summary: 'Teams, by name',
      query: z.strictObject({ ...pageQuery, q: searchText }),
      answers: { 200: { description: 'A page of them', schema: pageOf(teamView) } },
      async handle({ query }) {
        const teams = snapshot()
          .teams()
          .filter(({ name }) => isFound(name, query.q))
        const page = pageBy(teams, ({ name, id }) => `${nameKey(name)}\0${id}`, query)
        return { status: 200, body: { ...page, items: page.items.map((one) => viewOf(deps, one)) } }
      },
    }),
    endpoint({
      method: 'get',
      path: '/teams/{id}',
      tag,
      summary: 'One team',
      params: idParams,
      answers: { 200: { description: 'The team', schema: teamView } },
      async handle({ params }) {
        const one = snapshot().team(params.id)
        if (one === undefined) throw notFound('team')
        const body = viewOf(deps, one)
        return { status: 200, body, headers: etagHeader(body.version) }
      },
    }),
  ]
}

function changingEndpoints(deps: AdminDeps): Endpoint[] {
  const { editor, clock } = deps
  return [
    endpoint({
      method: 'patch',
      path: '/teams/{id}',
      tag,
      summary: 'Change a team',
      description: 'A new name is taken over into the access lists of models.',
      params: idParams,
      body: teamPatch,
      answers: { 200: { description: 'The team', schema: teamView } },
      async handle({ params, body }, visit) {
        const { result } = await editor.edit(actorOf(visit), (at) => {
          const current = found(deps, at, params.id)
          requireVersion(current.version, { ifMatch: visit.ifMatch, version: body.version })
          const name = body.name ?? current.name
          requireFree(deps, at, name, current.id)
          const { description: kept, ...others } = current
          const description = body.description === undefined ? kept : (body.description ?? undefined)
          const next: StoredTeam = {
            ...others,
            ...(description === undefined ? {} : { description }),
            name,
            version: current.version + 1,
            updated_at: isoTime(clock.now()),
          }
          return changeTo(current, next, inLists(at, current.name, name))
        })
        return { status: 200, body: viewOfStored(result), headers: { etag: etagOf(result.version) } }
      },
    }),
    endpoint({
      method: 'delete',
      path: '/teams/{id}',
      tag,
      summary: 'Delete a team',
      description: 'It is taken out of the access lists of all models.',
      params: idParams,
      answers: { 204: { description: 'Gone' } },
      async handle({ params }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = found(deps, at, params.id)
          requireVersion(current.version, { ifMatch: visit.ifMatch })
          const lists = inLists(at, current.name, null)
          return {
            puts: lists.map(({ after }) => after),
            deletes: [{ kind: 'team', id: current.id }],
            audit: [
              draftOf('team.delete', { kind: 'team', record: current }, null),
              ...lists.map(draftOfList),
            ],
            result: undefined,
          }
        })
        return { status: 204 }
      },
    }),
  ]
}

interface ListChange {
  readonly before: KindedRecord
  readonly after: KindedRecord
}

/** The stored models whose access lists name a team, with its new name there, or without it. */
function inLists(at: StoredState, name: string, next: string | null): ListChange[] {
  if (next !== null && next === name) return []
  return [...at.models.values()].flatMap((model): ListChange[] => {
    const { team_access: access } = model
    if (access === 'all' || !access.some((listed) => nameKey(listed) === nameKey(name))) return []
    const others = access.filter((listed) => nameKey(listed) !== nameKey(name))
    const record = { ...model, team_access: next === null ? others : [...others, next] }
    return [{ before: { kind: 'model', record: model }, after: { kind: 'model', record } }]
  })
}

function draftOfList({ before, after }: ListChange) {
  return draftOf('model.update', before, after)
}

function changeTo(before: StoredTeam | null, after: StoredTeam, lists: readonly ListChange[] = []) {
  const put: KindedRecord = { kind: 'team', record: after }
  const was: KindedRecord | null = before === null ? null : { kind: 'team', record: before }
  return {
    puts: [put, ...lists.map((list) => list.after)],
    audit: [draftOf(before === null ? 'team.create' : 'team.update', was, put), ...lists.map(draftOfList)],
    result: after,
  }
}

function viewOf({ snapshot, state }: AdminDeps, one: Team): z.input<typeof teamView> {
  const stored = state().teams.get(one.id)
  if (stored !== undefined) return viewOfStored(stored)
  return {
    id: one.id,
    name: one.name,
    description: one.description,
    managed_by: one.managedBy,
    shadows: shadowsOf(snapshot(), one.id),
    version: null,
    created_by: null,
    created_at: null,
    updated_at: null,
  }
}

function viewOfStored(stored: StoredTeam): z.input<typeof teamView> {
  const { id, name, description = null, version, created_by, created_at, updated_at } = stored
  return {
    id,
    name,
    description,
    managed_by: 'store',
    shadows: null,
    version,
    created_by,
    created_at,
    updated_at,
  }
}
