import { type Imported, importRegistry } from '../../registry/transfer/import-registry.ts'
import { readTransfer } from '../../registry/transfer/transfer-file.ts'
import type { Command } from '../command-line.ts'
import { SIGNING_KEY } from '../signing-key.ts'
import { readBounded } from './read-bounded.ts'
import { isEmpty, toldCounts } from './told-counts.ts'
import { commandActor, type CommandParts, type OpenedState, withState } from './with-state.ts'

const help = `  --input FILE  what export has written; standard input unless given
  --replace     what the store holds goes, where it is not in the file

All of it is taken or nothing. The master key that the file was sealed under must be in MODELGATE_MASTER_KEY. Replicas
that did not believe the store (it had lost what was in it) take it up.
`

/** `modelgate import`: a registry from a file. */
export function importCommand(parts: CommandParts): Command {
  return {
    summary: 'take a registry from a file',
    help,
    options: { input: { type: 'string' }, replace: { type: 'boolean' } },
    async run({ input, replace }) {
      const path = typeof input === 'string' ? input : null
      if (path === null && process.stdin.isTTY) {
        parts.err(`modelgate: --input is required where nothing is piped in\n\n${help}`)
        return 2
      }
      return withState(parts, (state) => run(parts, state, path, replace === true))
    },
  }
}

async function run(
  { out }: CommandParts,
  { store, vault }: OpenedState,
  path: string | null,
  replace: boolean,
): Promise<number> {
  const file = readTransfer({ bytes: await readBounded({ path }), vault })
  const imported = await importRegistry({
    store,
    vault,
    file,
    replace,
    actor: commandActor(),
    blobNames: [SIGNING_KEY],
  })
  const { exported_at: at, registry } = file.head
  out(`imported ${toldCounts(imported.counts)}, exported at ${at} (revision ${registry.revision})\n`)
  for (const line of besides(imported)) out(`${line}\n`)
  return 0
}

function besides({ removed, rootKey, sealed }: Imported): string[] {
  return [
    ...(isEmpty(removed) ? [] : [`removed ${toldCounts(removed)}`]),
    ...(rootKey === 'store' ? ['fingerprints were made anew: this store has a root key of its own'] : []),
    ...(sealed[SIGNING_KEY] === 'replaced'
      ? [
          "the key of the gateway's own tokens was replaced: restart the gateways that run on this store; tokens that " +
            'it signed before are good no more',
        ]
      : []),
  ]
}
