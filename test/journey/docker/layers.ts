import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '../../support/command.ts'
import type { Engine } from './engines.ts'

/** What would betray the CA in an image: its certificate in PEM and DER, its subject, and its name in a folder of hashes. */
export async function tracesOf(caFile: string): Promise<ReadonlyMap<string, Buffer>> {
  const pem = readFileSync(caFile, 'utf8')
  const certificate = new X509Certificate(pem)
  const hashes = await command('openssl', ['x509', '-in', caFile, '-noout', '-subject_hash', '-subject_hash_old'])
  const [hash, oldHash] = hashes.stdout.split('\n')
  const name = /CN=(.+)/.exec(certificate.subject)![1]!
  const line = pem.split('\n')[2]!
  assert.ok(/^[0-9a-f]{8}$/.test(hash!) && /^[0-9a-f]{8}$/.test(oldHash!) && line.length === 64, hashes.stderr)
  return new Map([
    ['PEM', Buffer.from(line)],
    ['DER', certificate.raw.subarray(0, 200)],
    ['key', Buffer.from(certificate.publicKey.export({ type: 'spki', format: 'der' }))],
    ['subject', Buffer.from(name)],
    ['hash', Buffer.from(`${hash}.0`)],
    ['old hash', Buffer.from(`${oldHash}.0`)],
  ])
}

export interface Scan {
  readonly layers: number
  readonly bytes: number
  /** `name of the trace in file` */
  readonly found: readonly string[]
}

/** Looks for the traces in every layer and every description of an image. */
export async function scanImage(engine: Engine, image: string, traces: ReadonlyMap<string, Buffer>): Promise<Scan> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-layers-'))
  try {
    const archive = join(folder, 'image.tar')
    await engine.save(image, archive)
    const end = await command('tar', ['-C', folder, '-xf', archive])
    assert.equal(end.code, 0, end.stderr)
    rmSync(archive)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      lstatSync(join(folder, name)).isFile(),
    )
    const [found, tars]: [string[], Set<string>] = [[], new Set()]
    let bytes = 0
    for (const name of files) {
      const content = readFileSync(join(folder, name))
      // A compressed layer would hide everything.
      assert.notEqual(content.subarray(0, 2).toString('hex'), '1f8b', `${name} is compressed`)
      bytes += content.length
      if (content.subarray(257, 262).toString() === 'ustar') tars.add(name)
      for (const [trace, wanted] of traces) if (content.includes(wanted)) found.push(`${trace} in ${name}`)
    }
    return { layers: tars.size, bytes, found }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
