import { issuerFaults } from '../access/issuer-faults.ts'
import type { IssuerOptions } from '../access/issuer.ts'
import {
  entityFault,
  isLoose,
  looseItems,
  textOf,
  type EntityFault,
  type Loose,
} from '../registry/schema/entity-fault.ts'

/** The rules between settings, beyond their types. */
export function sectionFaults(file: Loose): EntityFault[] {
  const section = (name: string): Loose => looseMember(file, name)
  return [
    ...tlsFaults(looseMember(section('listen'), 'tls')),
    ...portFaults(file),
    ...hostFaults(section('telemetry')),
    ...authFaults(section('auth')),
    ...redisFaults(looseMember(section('state'), 'redis')),
    ...cooldownFaults(section('cooldown')),
  ]
}

function looseMember(value: Loose, name: string): Loose {
  const member = value[name]
  return isLoose(member) ? member : {}
}

function tlsFaults(tls: Loose): EntityFault[] {
  const names = ['cert_file', 'key_file']
  const given = names.filter((name) => textOf(tls[name]) !== null)
  if (given.length !== 1) return []
  const missing = names.find((name) => !given.includes(name)) ?? ''
  return [entityFault(['listen', 'tls', missing], `${missing} is required with ${given[0]}`)]
}

/** 0 is any free port, which no two listeners share. */
function portFaults(file: Loose): EntityFault[] {
  const holders = new Map<unknown, string>()
  return ['listen', 'admin', 'telemetry'].flatMap((name) => {
    const port = looseMember(file, name)['port']
    if (typeof port !== 'number' || port === 0) return []
    const holder = holders.get(port)
    if (holder === undefined) {
      holders.set(port, name)
      return []
    }
    return [entityFault([name, 'port'], `the port is that of ${holder} already: leave it out to share it`)]
  })
}

/** A host without a listener would be taken for protection that is not there. */
function hostFaults({ host, port }: Loose): EntityFault[] {
  if (textOf(host) === null || (port !== undefined && port !== null)) return []
  return [entityFault(['telemetry', 'port'], 'port is required with host')]
}

function authFaults(auth: Loose): EntityFault[] {
  const entries = looseItems(auth['issuers'])
  const issuers = entries.map(({ item }) => looseIssuer(item))
  const faults = issuerFaults(issuers).map(({ path: [entry, ...path], message }) => {
    const index = entries[Number(entry)]?.index ?? 0
    return entityFault(['auth', 'issuers', index, ...path], message)
  })
  return [...faults, ...prefixFaults(issuers)]
}

/** Where one prefix begins another, one issuer could speak for the other's teams. */
function prefixFaults(issuers: readonly IssuerOptions[]): EntityFault[] {
  return issuers.flatMap(({ teamPrefix = '' }, index) => {
    const other = issuers.findIndex(
      ({ teamPrefix: earlier = '' }, place) =>
        place < index && earlier !== '' && (earlier.startsWith(teamPrefix) || teamPrefix.startsWith(earlier)),
    )
    if (teamPrefix === '' || other < 0) return []
    const message = `the teams of this prefix are also those of issuers[${other}]`
    return [entityFault(['auth', 'issuers', index, 'team_prefix'], message)]
  })
}

/** What is of the wrong type has its fault already, and counts as not there. */
function looseIssuer(entry: Loose): IssuerOptions {
  const text = (name: string) => textOf(entry[name]) ?? undefined
  const texts = (name: string) => {
    const value = entry[name]
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
  }
  return {
    issuer: text('issuer') ?? '',
    audience: text('audience') ?? texts('audience') ?? '',
    jwksUri: text('jwks_uri'),
    jwksFile: text('jwks_file'),
    teamPrefix: text('team_prefix'),
    teams: texts('teams'),
  }
}

function redisFaults(redis: Loose): EntityFault[] {
  const faults: EntityFault[] = []
  const path = (name: string) => ['state', 'redis', name]
  if (redis['sentinels'] !== undefined && textOf(redis['sentinel_name']) === null) {
    faults.push(entityFault(path('sentinel_name'), 'sentinel_name is required with sentinels'))
  }
  if (redis['sentinels'] !== undefined && redis['cluster'] !== undefined) {
    faults.push(entityFault(path('cluster'), 'sentinels and cluster exclude each other'))
  }
  return faults
}

function cooldownFaults({ base_seconds: base, max_seconds: most }: Loose): EntityFault[] {
  if (typeof base !== 'number' || typeof most !== 'number' || most >= base) return []
  return [entityFault(['cooldown', 'max_seconds'], 'max_seconds must not be less than base_seconds')]
}
