import { createGatewayKey, loadGatewayKey } from '../../access/gateway-key.ts'
import { systemClock } from '../../core/clock.ts'
import { entityName } from '../../registry/schema/names.ts'
import { newEntityId } from '../../registry/stored/codec.ts'
import { createSync } from '../../registry/sync.ts'
import { systemPause } from '../../registry/timers.ts'
import { createRegistryWriter } from '../../registry/writer.ts'
import type { Command, OptionValues } from '../command-line.ts'
import { signingKeyIn } from '../signing-key.ts'
import { readDuration } from './duration.ts'
import { type CommandParts, commandActor, type OpenedState, withState } from './with-state.ts'

/** It cannot be revoked: what lives longer is a key of the control plane, which can. */
const LONGEST_SECONDS = 90 * 86_400

const help = `  --team NAME     the team it speaks for; may be given several times
  --admin         opens the control plane
  --name NAME     whom it stands for in logs and the audit trail (local)
  --expires TIME  how long it is good: 90s, 30m, 24h, 7d; at most 90d (24h)

The token is written to standard output. It cannot be revoked: for applications make keys by the control plane
(POST /ai/api/v1/keys).
`

/** `modelgate token`: a token of the gateway's own, for whoever has its state: to begin with, and to test. */
export function tokenCommand(parts: CommandParts): Command {
  return {
    summary: "print a token of the gateway's own",
    help,
    options: {
      team: { type: 'string', multiple: true },
      admin: { type: 'boolean' },
      name: { type: 'string' },
      expires: { type: 'string' },
    },
    async run(values) {
      const wanted = readWanted(values)
      if ('fault' in wanted) {
        parts.err(`modelgate: ${wanted.fault}\n\n${help}`)
        return 2
      }
      return withState(parts, async (state) => {
        parts.out(`${await issue(state, wanted)}\n`)
        return 0
      })
    },
  }
}

interface Wanted {
  readonly subject: string
  readonly teams: readonly string[]
  readonly roles: readonly string[]
  readonly expiresInSeconds: number
}

function readWanted({ team, admin, name, expires }: OptionValues): Wanted | { readonly fault: string } {
  const names = (Array.isArray(team) ? team : []).map((given) => entityName.safeParse(given).data)
  const teams = names.filter((given) => given !== undefined)
  if (teams.length < names.length) return { fault: '--team must be a name' }
  if (teams.length === 0 && admin !== true) return { fault: '--team or --admin is required' }
  const subject = entityName.safeParse(name ?? 'local').data
  if (subject === undefined) return { fault: '--name must be a name' }
  const expiresInSeconds = readDuration(expires ?? '24h')
  if (expiresInSeconds === null || expiresInSeconds > LONGEST_SECONDS) {
    return { fault: '--expires must be a time as 90s, 30m, 24h or 7d, and at most 90d' }
  }
  return { subject, teams, roles: admin === true ? ['admin'] : [], expiresInSeconds }
}

/** The audit trail is told before the token is there. */
async function issue({ store, vault }: OpenedState, wanted: Wanted): Promise<string> {
  const { subject, teams, roles, expiresInSeconds } = wanted
  const material = await loadGatewayKey(signingKeyIn({ blobs: store.blobs, vault }))
  const tokenId = newEntityId()
  const key = createGatewayKey({ load: async () => material, clock: systemClock })
  const token = await key.issue({ ...wanted, tokenId })
  const sync = createSync({ store, vault, clock: systemClock })
  await sync.start()
  try {
    const writer = createRegistryWriter({ store, sync, vault, clock: systemClock, pause: systemPause })
    const expiresAt = new Date(systemClock.now() + expiresInSeconds * 1_000).toISOString()
    const after = { subject, teams, roles, token_id: tokenId, expires_at: expiresAt }
    await writer.append(commandActor(), [{ action: 'token.issue', entity: null, after }])
  } finally {
    await sync.stop()
  }
  return token
}
