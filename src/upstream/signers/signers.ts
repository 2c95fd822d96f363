import type { SignerName } from '../../core/provider.ts'
import { signCustomHeaders } from './custom-headers.ts'
import { signBearer, signNothing, signWithHeader } from './header-signers.ts'
import type { Signer } from './signer.ts'

export interface SignersOptions {
  /** Signers with state or exchanges of their own (`sigv4`, `entra`, …), by name; they go before those made here. */
  readonly signers?: Readonly<Partial<Record<SignerName, Signer>>>
}

export type Sign = (name: SignerName, ...call: Parameters<Signer>) => ReturnType<Signer>

/** Signs a request as the provider's signer of that name does. */
export function createSigners({ signers = {} }: SignersOptions = {}): Sign {
  const all: Readonly<Partial<Record<SignerName, Signer>>> = {
    none: signNothing,
    bearer: signBearer,
    'x-api-key': signWithHeader('x-api-key'),
    'api-key': signWithHeader('api-key'),
    'x-goog-api-key': signWithHeader('x-goog-api-key'),
    'custom-headers': signCustomHeaders,
    ...signers,
  }
  return (name, request, credential, signal) => {
    const signer = all[name]
    if (signer === undefined) throw new Error(`no signer is named ${name}`)
    return signer(request, credential, signal)
  }
}
