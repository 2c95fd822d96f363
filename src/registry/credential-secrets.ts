import { createHmac } from 'node:crypto'
import { Secret } from '../core/secret.ts'
import type { RegistryKeys } from './root-key.ts'
import type { StoredCredential } from './stored/records.ts'
import { RegistryUnavailable } from './unavailable.ts'
import { VaultError, type Vault } from './vault.ts'

export type Secrets = Readonly<Record<string, Secret>>

/** What a credential's secrets are, or why they cannot be opened; then there are none. */
export interface OpenedSecrets {
  readonly secrets: Secrets
  readonly fault: VaultError | null
}

/** The secrets of stored credentials. */
export interface CredentialSecrets {
  /** Opened once for each sealed value, and kept while the credential is. */
  open(credential: Pick<StoredCredential, 'id' | 'sealed'>): OpenedSecrets
  /** For `sealed`: good for this credential alone; null where there are none. */
  seal(credentialId: string, secrets: Secrets): string | null
  /** Eight characters by which secrets are told apart; they tell nothing of it. */
  fingerprint(secret: Secret): string
  /** Forgets what it has opened for credentials that are not among these. */
  retain(credentials: ReadonlyMap<string, unknown>): void
}

export interface CredentialSecretsOptions {
  readonly vault: Vault
  /** null: not known yet; fingerprints then throw RegistryUnavailable. */
  readonly keys: () => RegistryKeys | null
}

export function createCredentialSecrets({ vault, keys }: CredentialSecretsOptions): CredentialSecrets {
  const known = new Map<string, { readonly sealed: string; readonly opened: OpenedSecrets }>()

  return {
    open({ id, sealed }) {
      if (sealed === null) return none
      const kept = known.get(id)
      if (kept?.sealed === sealed) return kept.opened
      const opened = openSecrets(vault, id, sealed)
      known.set(id, { sealed, opened })
      return opened
    },
    seal(id, secrets) {
      const texts = Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()])
      if (texts.length === 0) return null
      return Buffer.from(vault.seal(id, Buffer.from(JSON.stringify(Object.fromEntries(texts))))).toString(
        'base64',
      )
    },
    fingerprint(secret) {
      const { fingerprint } = keys() ?? unknownKeys()
      return createHmac('sha256', fingerprint).update(secret.reveal()).digest('hex').slice(0, 8)
    },
    retain(credentials) {
      if (known.size <= credentials.size) return
      for (const id of known.keys()) if (!credentials.has(id)) known.delete(id)
    },
  }
}

function unknownKeys(): never {
  throw new RegistryUnavailable('starting')
}

const none: OpenedSecrets = { secrets: {}, fault: null }

function openSecrets(vault: Vault, id: string, sealed: string): OpenedSecrets {
  try {
    const texts: unknown = JSON.parse(Buffer.from(vault.open(id, Buffer.from(sealed, 'base64'))).toString())
    const entries = Object.entries(texts as Record<string, string>)
    return {
      secrets: Object.fromEntries(entries.map(([name, text]) => [name, new Secret(text)])),
      fault: null,
    }
  } catch (error) {
    const fault =
      error instanceof VaultError ? error : new VaultError('damaged', 'What was sealed is no set of secrets.')
    return { secrets: {}, fault }
  }
}
