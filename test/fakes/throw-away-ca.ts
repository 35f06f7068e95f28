import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ThrowAwayCa {
  /** The root in PEM. */
  readonly root: string
  /** A key and certificate; `names` as in `DNS:localhost,IP:127.0.0.1`, empty: none. `days` may be negative: expired. */
  issue(names: string, days?: number): { readonly key: string; readonly cert: string }
  remove(): void
}

/** A CA made by openssl for one test run: the origin's certificates come from other software than ours. */
export function createThrowAwayCa(): ThrowAwayCa {
  const folder = mkdtempSync(join(tmpdir(), 'larder-fake-ca-'))
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const ca = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-days', '2']
  openssl('req', '-x509', ...key, ...ca, '-subj', '/CN=Throw-away root')
  let issued = 0
  return {
    root: readFileSync(file('ca.pem'), 'utf8'),
    issue(names, days = 1) {
      const name = `leaf${issued++}`
      writeFileSync(file(`${name}.ext`), names === '' ? 'basicConstraints=CA:FALSE\n' : `subjectAltName=${names}\n`)
      openssl(
        'req',
        '-new',
        ...key,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.csr`),
        '-subj',
        '/CN=localhost',
      )
      const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', String(days)]
      const leaf = ['-in', file(`${name}.csr`), '-out', file(`${name}.pem`), '-extfile', file(`${name}.ext`)]
      openssl('x509', '-req', ...signer, ...leaf)
      return { key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.pem`), 'utf8') }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
