import { type Clock, systemClock } from '../../../core/clock.ts'
import type { Provider } from '../../../core/provider.ts'
import { createProviders } from '../../../providers/index.ts'
import { createTransport } from '../../../upstream/dispatch.ts'
import { createEgressGuard } from '../../../upstream/egress-guard.ts'
import { createFetchText } from '../../../upstream/fetch-text.ts'
import { createAwsSigner } from '../../../upstream/signers/aws-signer.ts'
import { createSigners } from '../../../upstream/signers/signers.ts'
import { type Schedule, systemSchedule } from '../../shared/timers.ts'
import { type Asker, createAsker } from '../ask.ts'

export interface Asking {
  readonly asker: Asker
  readonly providers: ReadonlyMap<string, Provider>
  readonly faults: unknown[]
  readonly close: () => Promise<void>
}

export interface AskingOptions {
  readonly clock?: Clock
  readonly schedule?: Schedule
  readonly timeoutMs?: number
  readonly allowNetworks?: readonly string[]
}

/** The real providers, signers and transport, by which tests ask upstreams on loopback. */
export function createAsking({
  clock = systemClock,
  schedule = systemSchedule,
  timeoutMs = 20_000,
  allowNetworks = ['127.0.0.0/8'],
}: AskingOptions = {}): Asking {
  const guard = createEgressGuard({ allowNetworks, allowHttp: true })
  const transport = createTransport({ guard })
  const providers = createProviders()
  const faults: unknown[] = []
  const closing = new AbortController()
  const sigv4 = createAwsSigner({
    clock: systemClock,
    fetchText: createFetchText({ transport, trusting: () => transport }),
    identity: () => Promise.reject(new Error('tests bring their own keys')),
    closing: closing.signal,
  })
  const asker = createAsker({
    providers,
    transport,
    ...createSigners({ signers: { sigv4 } }),
    timeoutMs,
    connectMs: 5_000,
    clock,
    schedule,
    makeId: () => 'probe-1',
    onFault: (error) => faults.push(error),
  })
  return {
    asker,
    providers,
    faults,
    async close() {
      closing.abort()
      await transport.destroy()
      await Promise.all([...providers.values()].map(async (provider) => provider.close?.()))
    },
  }
}
