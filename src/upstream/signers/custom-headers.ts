import type { Credential } from '../../core/entities.ts'
import { headerSecret } from './header-signers.ts'
import type { Signer } from './signer.ts'

/**
 * Fills `{{name}}` in the values of headers with the credential's secrets (design §5, custom HTTP APIs). Throws
 * GatewayError, which tells the secret's name alone, for one that is not there or that no header can carry.
 */
export const signCustomHeaders: Signer = (request, credential) => {
  const { secrets } = credential
  const none = { ...credential, secrets: Object.create(null) as Credential['secrets'] }
  const fill = (_mark: string, name: string) =>
    headerSecret(Object.hasOwn(secrets, name) ? credential : none, name)
  const filled = Object.entries(request.headers).map(([header, value]) => [
    header,
    value.replaceAll(/\{\{\s*([\w-]+)\s*\}\}/g, fill),
  ])
  return { ...request, headers: Object.fromEntries(filled) as Record<string, string> }
}
