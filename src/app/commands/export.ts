import { exportRegistry } from '../../registry/transfer/export-registry.ts'
import type { Command } from '../command-line.ts'
import { SIGNING_KEY } from '../signing-key.ts'
import { toldCounts } from './told-counts.ts'
import { commandActor, type CommandParts, type OpenedState, withState } from './with-state.ts'
import { writeLines } from './write-lines.ts'

const help = `  --output FILE  written with mode 0600 once it is whole; standard output unless given

The file holds what the control plane declared and the key of the gateway's own tokens, secrets sealed: it is of use only
with the same master key. The audit trail is not in it.
`

/** `modelgate export`: the registry as a file, for another store. */
export function exportCommand(parts: CommandParts): Command {
  return {
    summary: 'write the registry to a file, secrets sealed',
    help,
    options: { output: { type: 'string' } },
    run: ({ output }) =>
      withState(parts, (state) => run(parts, state, typeof output === 'string' ? output : null)),
  }
}

async function run(
  { err }: CommandParts,
  { store, vault }: OpenedState,
  output: string | null,
): Promise<number> {
  const { lines, counts, unreadable } = await exportRegistry({
    store,
    vault,
    actor: commandActor(),
    blobNames: [SIGNING_KEY],
  })
  await writeLines({ lines, path: output })
  err(`exported ${toldCounts(counts)}\n`)
  if (unreadable > 0) {
    err(`${unreadable} of them were written by another version, and only that one can import them\n`)
  }
  return 0
}
