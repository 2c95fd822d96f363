import type { GatewayKey } from '../access/gateway-key.ts'
import type { Clock } from '../core/clock.ts'
import type { Provider } from '../core/provider.ts'
import type { Audit } from '../registry/audit.ts'
import type { CredentialSecrets } from '../registry/credential-secrets.ts'
import type { Editor } from '../registry/edit.ts'
import type { Snapshot } from '../registry/snapshot.ts'
import type { StoredState } from '../registry/stored/state.ts'

/** What every part of the control plane works with. */
export interface AdminDeps {
  readonly snapshot: () => Snapshot
  readonly state: () => StoredState
  readonly editor: Editor
  readonly audit: Audit
  readonly secrets: CredentialSecrets
  readonly providers: ReadonlyMap<string, Provider>
  readonly clock: Clock
  readonly issueKey: GatewayKey['issue']
  /** Why an address that came by the control plane may not be called; null where it may. */
  readonly addressFault: (url: string) => string | null
  /** `upstream.allow_http` */
  readonly allowHttp: boolean
}
