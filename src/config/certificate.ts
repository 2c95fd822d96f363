import { createSecureContext } from 'node:tls'
import { Secret } from '../core/secret.ts'
import { isLoose, textOf } from '../registry/schema/entity-fault.ts'
import { shownPath, type Fault } from './fault.ts'
import type { FileReader } from './read-files.ts'
import type { Tree } from './read-tree.ts'

/** What `listen.tls` names. */
export interface Certificate {
  readonly cert: string
  readonly key: Secret
}

const certPath = ['listen', 'tls', 'cert_file']
const keyPath = ['listen', 'tls', 'key_file']
const caPath = ['upstream', 'ca_file']

/** Reads the files that settings name, so that one that is missing or unusable is a fault of the configuration. */
export async function readNamedFiles(
  tree: Tree,
  reader: FileReader,
): Promise<{ certificate: Certificate | null; faults: Fault[] }> {
  const faults: Fault[] = []
  const refuse = (path: readonly string[], message: string) => {
    const place = tree.places.ofValue(path) ?? { line: 1, column: 1 }
    faults.push({ ...place, path: shownPath(path), message })
  }
  const textAt = async (path: readonly string[]): Promise<string | null> => {
    const file = textOf(path.reduce((value: unknown, key) => (isLoose(value) ? value[key] : null), tree.root))
    if (file === null) return null
    const read = await reader.read(file)
    if ('text' in read) return read.text
    refuse(path, `the file ${read.fault}`)
    return null
  }
  const cert = await textAt(certPath)
  const key = await textAt(keyPath)
  await textAt(caPath)
  if (cert === null || key === null) return { certificate: null, faults }
  try {
    createSecureContext({ cert, key })
  } catch {
    // OpenSSL's words are of no help, and the key is not to be quoted.
    refuse(certPath, 'cert_file and key_file must be PEM, and the key that of the certificate')
  }
  return { certificate: { cert, key: new Secret(key) }, faults }
}
