import { addNewKey, dropOldKeys } from '../../registry/master-key-file.ts'
import type { MasterKey } from '../../registry/master-key.ts'
import { rotateMasterKey } from '../../registry/rotate-master-key.ts'
import type { Command } from '../command-line.ts'
import { SIGNING_KEY } from '../signing-key.ts'
import { counted } from './told-counts.ts'
import { commandActor, type CommandParts, configuredKeys, type OpenedState, withState } from './with-state.ts'

const help = `With MODELGATE_MASTER_KEY=new:BASE64,old:BASE64 everything is wrapped under the first key, while gateways go on; then
the others can be left out. Every gateway must know all of them before: docs/commands.md tells the steps.

With the key that was generated into data_dir/master.key a new one is made and takes its place. The gateway must be
stopped for that; while it runs, the command does nothing and says so.

It may be broken off and run again.
`

/** `modelgate rotate-master-key`: what is sealed in the store is wrapped under another master key. */
export function rotateMasterKeyCommand(parts: CommandParts): Command {
  return {
    summary: 'wrap all that is sealed under the first master key',
    help,
    run: () =>
      withState(parts, (state) => rotate(parts, state), {
        // A process that has read the key file would not know the new key.
        exclusive: ({ master_keys: keys }) => keys === null,
        // Only once nobody else can read it.
        masterKeys: (config) =>
          config.master_keys === null
            ? addNewKey({ dataDir: config.state.data_dir })
            : configuredKeys(config),
      }),
  }
}

async function rotate({ out }: CommandParts, { config, store, vault, keys }: OpenedState): Promise<number> {
  const { credentials, blobs } = await rotateMasterKey({
    store,
    vault,
    actor: commandActor(),
    blobNames: [SIGNING_KEY],
  })
  const [first, ...others] = keys
  const wrapped = `${counted(credentials, 'credential')} and ${counted(blobs, 'other value')}`
  if (credentials + blobs > 0) out(`wrapped ${wrapped} under the master key ${first.id}\n`)
  else out(`everything is wrapped under the master key ${first.id} already\n`)
  if (config.master_keys !== null) out(notNeeded(others))
  else {
    dropOldKeys({ dataDir: config.state.data_dir, keys })
    out(
      `${config.state.data_dir}/master.key holds this key alone now: what was exported before needs the former one\n`,
    )
  }
  return 0
}

function notNeeded(others: readonly MasterKey[]): string {
  if (others.length === 0) return ''
  const ids = others.map(({ id }) => id).join(', ')
  return `nothing in the store needs ${ids} any more, unless a gateway that has it first has sealed since\n`
}
