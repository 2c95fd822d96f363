import type { Clock } from '../core/clock.ts'
import type { Principal } from '../core/entities.ts'
import { namesAt, type ClaimPath, type Claims } from './claims.ts'
import type { FetchText, JwksSource } from './issuer-fetch.ts'
import { algorithms as allAlgorithms, type Algorithm } from './json-web-keys.ts'
import { createJwks } from './jwks.ts'
import type { KeySet, RefreshResult } from './key-set.ts'
import type { ReadFile } from './watched-file.ts'

/** One entry of `auth.issuers` (design §12). */
export interface IssuerOptions extends JwksSource {
  readonly audience: string | readonly string[]
  /** Default: all of RS, PS and ES 256/384/512, and EdDSA. */
  readonly algorithms?: readonly Algorithm[] | undefined
  readonly teamsClaim?: ClaimPath | undefined
  /** The teams it may assert: those that begin so, and those of `teams`. Neither: any. */
  readonly teamPrefix?: string | undefined
  readonly teams?: readonly string[] | undefined
  readonly rolesClaim?: ClaimPath | undefined
  /** Roles that open the control plane. */
  readonly adminRoles?: readonly string[] | undefined
}

/** Somebody whose tokens are accepted, and what they mean. */
export interface Issuer {
  /** `iss` of its tokens. */
  readonly name: string
  readonly audiences: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly keys: KeySet
  /** Reads a token whose signature, issuer, audience and times are good. */
  principal(claims: Claims): Principal
}

export interface IssuerParts {
  fetchText: FetchText
  readFile: ReadFile
  clock: Clock
  /** For `modelgate_jwks_refreshes_total{issuer,result}`; `detail` is for the log. Must not throw. */
  onRefresh?: (issuer: string, result: RefreshResult, detail: string | null) => void
}

const MAX_SUBJECT = 256

/** An issuer of the configuration. Teams that it may not assert are left out of its tokens, as if they were not there. */
export function createIssuer(
  options: IssuerOptions,
  { fetchText, readFile, clock, onRefresh = () => {} }: IssuerParts,
): Issuer {
  const { issuer: name, audience, teamsClaim = 'teams', rolesClaim = 'roles', adminRoles = [] } = options
  return {
    name,
    audiences: typeof audience === 'string' ? [audience] : audience,
    algorithms: options.algorithms ?? allAlgorithms,
    keys: createJwks({
      source: options,
      fetchText,
      readFile,
      clock,
      onRefresh: (result, detail) => onRefresh(name, result, detail),
    }),
    principal(claims) {
      const roles = namesAt(claims, rolesClaim)
      return {
        ...identityOf(claims),
        issuer: name,
        teams: namesAt(claims, teamsClaim).filter((team) => mayAssert(options, team)),
        roles,
        admin: roles.some((role) => adminRoles.includes(role)),
        models: null,
      }
    },
  }
}

/** The registered claims (RFC 7519 §4.1) that tell callers and tokens apart. */
export function identityOf({ sub, jti }: Claims): Pick<Principal, 'subject' | 'tokenId'> {
  return {
    subject: typeof sub === 'string' && sub !== '' ? sub.slice(0, MAX_SUBJECT) : 'unknown',
    tokenId: typeof jti === 'string' ? jti : null,
  }
}

function mayAssert({ teamPrefix, teams }: IssuerOptions, team: string): boolean {
  if (teamPrefix === undefined && teams === undefined) return true
  return (teamPrefix !== undefined && team.startsWith(teamPrefix)) || teams?.includes(team) === true
}
