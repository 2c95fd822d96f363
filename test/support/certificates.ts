import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findOrInstall } from './debian-package.ts'

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string
  /** For `127.0.0.1` and `localhost`. */
  readonly serverCert: string
  readonly serverKey: string
  readonly clientCert: string
  readonly clientKey: string
}

/** An authority with a server's and a client's certificate, in `dir`; good for a day. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  const openssl = await findOrInstall({ binaries: ['openssl'], package: 'openssl' })
  const run = (...args: string[]) => promisify(execFile)(openssl, args, { cwd: dir, timeout: 30_000 })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await run(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '1',
    '-subj',
    '/CN=test authority',
  )
  await writeFile(join(dir, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  for (const name of ['server', 'client']) {
    await run('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=test ${name}`)
    const signing = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      'names',
    ]
    await run('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing)
  }
  const path = (name: string) => join(dir, name)
  return {
    ca: path('ca.pem'),
    serverCert: path('server.pem'),
    serverKey: path('server.key'),
    clientCert: path('client.pem'),
    clientKey: path('client.key'),
  }
}

export async function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8')
}
