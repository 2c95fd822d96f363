import type { ClaimPath } from './claims.ts'
import { gatewayIssuer } from './gateway-key.ts'
import type { IssuerOptions } from './issuer.ts'
import { algorithms } from './json-web-keys.ts'

/** A fault in `auth.issuers`; `path` begins with the entry's index and is spelled as the configuration file is. */
export interface IssuerFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Everything that is wrong with the configured issuers (design §6), beyond the types of their fields. */
export function issuerFaults(issuers: readonly IssuerOptions[]): IssuerFault[] {
  return issuers.flatMap((issuer, index) => {
    const isRepeated = issuers.findIndex((other) => other.issuer === issuer.issuer) < index
    return [
      ...nameFaults(issuer, isRepeated),
      ...sourceFaults(issuer),
      ...claimFaults(issuer, issuers.length),
    ].map(({ path, message }) => ({ path: [index, ...path], message }))
  })
}

function nameFaults({ issuer }: IssuerOptions, isRepeated: boolean): IssuerFault[] {
  const faults: IssuerFault[] = []
  if (issuer === '') faults.push(fault('issuer', 'issuer is required'))
  if (issuer === gatewayIssuer)
    faults.push(fault('issuer', `${gatewayIssuer} is the issuer of the gateway's own keys`))
  if (isRepeated) faults.push(fault('issuer', 'this issuer is listed twice'))
  return faults
}

function sourceFaults({ issuer, jwksUri, jwksFile }: IssuerOptions): IssuerFault[] {
  if (jwksUri !== undefined && jwksFile !== undefined) {
    return [fault('jwks_file', 'jwks_uri and jwks_file exclude each other')]
  }
  if (jwksUri !== undefined && !isWebAddress(jwksUri)) return [fault('jwks_uri', 'jwks_uri must be a URL')]
  if (jwksUri === undefined && jwksFile === undefined && !isWebAddress(issuer)) {
    return [
      fault(
        'issuer',
        'the issuer is no URL, so that its keys cannot be discovered: set jwks_uri or jwks_file',
      ),
    ]
  }
  return []
}

function claimFaults(options: IssuerOptions, count: number): IssuerFault[] {
  const { audience, teamPrefix, teams, teamsClaim, rolesClaim } = options
  const faults: IssuerFault[] = []
  const audiences = typeof audience === 'string' ? [audience] : audience
  if (audiences.length === 0 || audiences.includes('')) faults.push(fault('audience', 'audience is required'))
  if (teamPrefix === '')
    faults.push(fault('team_prefix', 'team_prefix must not be empty: every team begins with it'))
  if (count > 1 && teamPrefix === undefined && teams === undefined) {
    faults.push(fault('team_prefix', 'with more than one issuer each needs team_prefix or teams'))
  }
  if (isEmptyPath(teamsClaim)) faults.push(fault('teams_claim', 'teams_claim must not be empty'))
  if (isEmptyPath(rolesClaim)) faults.push(fault('roles_claim', 'roles_claim must not be empty'))
  const refused = options.algorithms?.filter((algorithm) => !algorithms.includes(algorithm)) ?? []
  if (options.algorithms?.length === 0 || refused.length > 0) {
    faults.push(fault('algorithms', `algorithms must be of ${algorithms.join(', ')}`))
  }
  return faults
}

function fault(field: string, message: string): IssuerFault {
  return { path: [field], message }
}

function isEmptyPath(path: ClaimPath | undefined): boolean {
  return path !== undefined && path.length === 0
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
}
