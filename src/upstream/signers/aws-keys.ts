import type { Signal } from '../../core/cancellation.ts'
import type { Secret } from '../../core/secret.ts'

/** What signs for AWS: a pair of keys, with the session token that temporary ones need. */
export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret | null
  /** Ms since 1970; null: they do not expire by themselves. */
  readonly expiresAt: number | null
}

/** The gateway's own AWS identity. Throws GatewayError where it has none, or cannot get its keys. */
export type AwsIdentity = (signal: Signal) => Promise<AwsKeys>
