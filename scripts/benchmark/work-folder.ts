import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Sizes of the contents that the origin offers. */
export const contentBytes = { '10k': 10 * 1024, '32m': 32 * 1024 * 1024, '256m': 256 * 1024 * 1024 } as const

/** Names of the origin; scripts/bench makes them resolve to loopback. `localhost` stands in where it could not. */
export const nameSuffix = 'larder-bench.test'

function writeContents(folder: string): void {
  const block = randomBytes(1024 * 1024)
  for (const [name, size] of Object.entries(contentBytes)) {
    const file = openSync(join(folder, `${name}.bin`), 'w')
    for (let at = 0; at < size; at += block.length) writeSync(file, block, 0, Math.min(block.length, size - at))
    closeSync(file)
  }
}

const openssl = (folder: string, ...parameters: string[]): void => {
  execFileSync('openssl', parameters, { cwd: folder, stdio: 'pipe' })
}

/** Signs the one request of the work folder for `names`, as `file`. */
function sign(folder: string, names: string, file: string): void {
  writeFileSync(join(folder, 'server.ext'), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`)
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', 'server.ext']
  openssl(folder, 'x509', '-req', '-in', 'server.csr', ...by, '-out', file)
}

/** A throw-away CA, and a certificate by it for the origin and for the floor. */
function writeCertificates(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    folder,
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-subj',
    '/CN=Larder benchmark',
  )
  openssl(folder, 'req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${nameSuffix}`)
  sign(folder, `DNS:*.${nameSuffix},DNS:localhost,IP:127.0.0.1`, 'server.pem')
}

/** A certificate of its own for each of the first `count` host names: a proxy that copies them must not get away with one. */
export function writeHostCertificates(folder: string, count: number): void {
  for (let number = 0; number < count; number++) {
    const name = `h${number}.${nameSuffix}`
    sign(folder, `DNS:${name}`, join('hosts', `${name}.pem`))
  }
}

function buildLoadGenerator(folder: string): void {
  const source = join(import.meta.dirname, 'load-generator.c')
  const libraries = ['-lssl', '-lcrypto']
  execFileSync('gcc', ['-O2', '-Wall', '-o', join(folder, 'load-generator'), source, ...libraries], { stdio: 'pipe' })
}

/** A temporary folder with contents, certificates and the load generator in it: some 300 MB, to which runs add. */
export function makeWorkFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
  // Squid gives up root and must still reach its own folder.
  chmodSync(folder, 0o711)
  try {
    for (const name of ['origin', 'hosts']) mkdirSync(join(folder, name))
    writeContents(join(folder, 'origin'))
    writeCertificates(folder)
    buildLoadGenerator(folder)
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
