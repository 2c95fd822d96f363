import { importPKCS8, SignJWT } from 'jose'
import { unusableCredential } from './oauth-token.ts'

/** Of a service account's key file, what a token is asked for with. */
export interface ServiceAccount {
  readonly clientEmail: string
  readonly privateKey: string
  readonly privateKeyId: string | null
  readonly tokenUri: string
}

const googleTokenUri = 'https://oauth2.googleapis.com/token'
const scope = 'https://www.googleapis.com/auth/cloud-platform'
/** The longest that Google takes. */
const lifetimeSeconds = 3600

/** Throws GatewayError (reason authentication), which shows nothing of it, for what is no key file. */
export function readServiceAccount(text: string): ServiceAccount {
  const account = parse(text)
  const member = (name: string) => {
    const value = account[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const clientEmail = member('client_email')
  const privateKey = member('private_key')
  if (clientEmail === null || privateKey === null) {
    throw unusableCredential('`gcp_service_account` has no `client_email` or no `private_key`.')
  }
  return {
    clientEmail,
    // Environment variables bring the line ends as two characters.
    privateKey: privateKey.replaceAll('\\n', '\n'),
    privateKeyId: member('private_key_id'),
    tokenUri: member('token_uri') ?? googleTokenUri,
  }
}

/**
 * The key file's own token endpoint. Throws GatewayError where it is not Google's: whoever wrote the file could
 * otherwise have the gateway send assertions, and requests, to any place (providers' facts §9.2).
 */
export function googleTokenUrl({ tokenUri }: ServiceAccount): string {
  const url = URL.parse(tokenUri)
  const host = url?.hostname ?? ''
  const isGoogle = host.endsWith('.googleapis.com') || host === 'accounts.google.com'
  const isPlain = url?.username === '' && url.password === '' && url.port === ''
  if (url?.protocol === 'https:' && isGoogle && isPlain) return url.href
  throw unusableCredential("The service account's `token_uri` is not Google's; `token_url` may name another.")
}

/** The signed assertion of the JWT bearer grant (RFC 7523; providers' facts §9.2). `now` in ms since 1970. */
export async function signAssertion(account: ServiceAccount, now: number): Promise<string> {
  const issued = Math.floor(now / 1000)
  const { clientEmail, privateKey, privateKeyId, tokenUri } = account
  try {
    const key = await importPKCS8(privateKey, 'RS256')
    return await new SignJWT({ scope })
      .setProtectedHeader({
        alg: 'RS256',
        typ: 'JWT',
        ...(privateKeyId === null ? {} : { kid: privateKeyId }),
      })
      .setIssuer(clientEmail)
      .setAudience(tokenUri)
      .setIssuedAt(issued)
      .setExpirationTime(issued + lifetimeSeconds)
      .sign(key)
  } catch {
    // Without its cause: a parser's words could quote the key.
    throw unusableCredential("The service account's `private_key` cannot be read.")
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Told below: a parser's own words would quote what it read.
  }
  throw unusableCredential('`gcp_service_account` is no JSON object.')
}
