import { createHash, timingSafeEqual } from 'node:crypto'
import type { Principal } from '../core/entities.ts'
import type { Secret } from '../core/secret.ts'
import { gatewayIssuer } from './gateway-key.ts'

const MIN_CHARACTERS = 16

/** What is wrong with a `MODELGATE_ADMIN_TOKEN`, or null. The words hold nothing of it. */
export function adminTokenFault(token: string): string | null {
  if (token.length < MIN_CHARACTERS)
    return `MODELGATE_ADMIN_TOKEN must have at least ${MIN_CHARACTERS} characters`
  // Anything else cannot be sent in a header as it is.
  return /^[\x21-\x7e]+$/.test(token)
    ? null
    : 'MODELGATE_ADMIN_TOKEN must be of printable ASCII without spaces'
}

/** The static bearer of the control plane (design §6). */
export interface AdminToken {
  readonly principal: Principal
  /** In time that depends on neither token: digests are compared, all of their bytes. */
  matches(presented: string): boolean
}

/** Throws an Error for a token that `adminTokenFault` finds fault with. */
export function createAdminToken(secret: Secret): AdminToken {
  const fault = adminTokenFault(secret.reveal())
  if (fault !== null) throw new Error(fault)
  const expected = digestOf(secret.reveal())
  return {
    principal: {
      subject: 'admin-token',
      issuer: gatewayIssuer,
      teams: [],
      roles: ['admin'],
      tokenId: null,
      admin: true,
      models: null,
    },
    matches: (presented) => timingSafeEqual(digestOf(presented), expected),
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
