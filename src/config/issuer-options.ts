import type { IssuerOptions } from '../access/issuer.ts'
import type { Config } from './load.ts'

/** An entry of `auth.issuers` as `access` takes it. */
export function issuerOptions(entry: Config['auth']['issuers'][number]): IssuerOptions {
  return {
    issuer: entry.issuer,
    audience: entry.audience,
    jwksUri: entry.jwks_uri,
    jwksFile: entry.jwks_file,
    caFile: entry.ca_file,
    bearerFile: entry.bearer_file,
    algorithms: entry.algorithms,
    teamsClaim: entry.teams_claim,
    teamPrefix: entry.team_prefix,
    teams: entry.teams,
    rolesClaim: entry.roles_claim,
    adminRoles: entry.admin_roles,
  }
}
