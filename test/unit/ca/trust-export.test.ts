import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { getCACertificates } from 'node:tls'
import { jksOf, readJks } from '../../../src/ca/jks.ts'
import { pkcs12Of } from '../../../src/ca/pkcs12.ts'
import { readSystemRoots } from '../../../src/ca/system-roots.ts'
import {
  certificatesIn,
  describeAuthority,
  type ExportFormat,
  exportAuthority,
  trustedEntries,
  trustStorePassword,
} from '../../../src/ca/trust-export.ts'
import { makeAuthority, openssl, SetClock, TestFolder } from './authority-fixture.ts'

const folder = new TestFolder()
after(() => folder[Symbol.dispose]())
const authority = makeAuthority(folder.ca)
const roots = makeAuthority(join(folder.top, 'other')).certificatePem
const exported = (format: ExportFormat, systemRoots: string): Buffer =>
  exportAuthority(format, { authority, trustedPem: authority.certificatePem, systemRoots, at: Date.UTC(2026, 0, 1) })
const begins = (text: Buffer): number => text.toString().split('-----BEGIN CERTIFICATE-----\n').length - 1

describe('Exporting the CA', () => {
  test('gives the same certificate as PEM and as DER', () => {
    for (const format of ['pem', 'der'] as const) {
      assert.deepEqual(new X509Certificate(exported(format, '')).raw, authority.certificate.raw)
    }
  })

  test('gives a bundle of the roots of the system and ours behind them', () => {
    for (const systemRoots of [roots, roots.trimEnd()]) {
      const bundle = exported('bundle', systemRoots)
      assert.equal(begins(bundle), 2)
      assert.equal(bundle.toString(), roots + authority.certificatePem)
    }
    assert.equal(exported('bundle', '').toString(), authority.certificatePem)
  })

  test('never gives the key', () => {
    for (const format of ['pem', 'der', 'bundle'] as const) {
      assert.doesNotMatch(exported(format, roots).toString('latin1'), /PRIVATE/)
    }
  })
})

describe('Trust stores', () => {
  const other = makeAuthority(join(folder.top, 'third'))
  const both = trustedEntries(roots, authority.certificatePem + other.certificatePem + authority.certificatePem)

  test('hold each certificate once, the CA under an alias of its own', () => {
    assert.equal(both.length, 3)
    assert.deepEqual(
      both.map(({ alias }) => alias.replace(/-[0-9a-f]{16}$/, '')),
      ['system', 'larder', 'larder'],
    )
  })

  test('in the format of Java give back what went in, and nothing to a wrong password', () => {
    const store = jksOf(both, trustStorePassword, Date.UTC(2026, 0, 1))
    assert.deepEqual(readJks(store, trustStorePassword), both)
    assert.equal(readJks(store, 'changed'), undefined)
    assert.equal(readJks(Buffer.from('not a store at all, but longer than a head'), trustStorePassword), undefined)
  })

  test('in PKCS #12 are opened by openssl, which checks the MAC (RFC 7292 section 4)', () => {
    const file = join(folder.top, 'trust.p12')
    writeFileSync(file, pkcs12Of(both, trustStorePassword))
    const given = ['pkcs12', '-in', file, '-nokeys', '-passin']
    const text = execFileSync('openssl', [...given, `pass:${trustStorePassword}`], { encoding: 'utf8' })
    assert.equal(certificatesIn(text).length, 3)
    assert.match(text, /friendlyName: larder-/)
    assert.throws(() => execFileSync('openssl', [...given, 'pass:wrong'], { stdio: 'pipe' }), /Mac verify error/)
  })
})

describe('Describing the CA', () => {
  test('tells subject, fingerprint, serial number, validity and files', () => {
    using other = new TestFolder()
    const clock = new SetClock(Date.UTC(2026, 4, 6, 7, 8, 9))
    const described = makeAuthority(other.ca, { clock, hostName: 'builder-7' })
    const { fingerprint, serialNumber, ...rest } = describeAuthority(described)
    assert.deepEqual(rest, {
      subject: 'CN=Larder CA builder-7 2026-05-06',
      notBefore: '2026-05-05T07:08:09.000Z',
      notAfter: '2028-05-04T07:08:08.000Z',
      permittedHosts: [],
      certificateFile: join(other.ca, 'ca.pem'),
      keyFile: join(other.ca, 'ca.key'),
    })
    const printed = openssl(described.certificate, 'x509', '-noout', '-fingerprint', '-sha256', '-serial')
    assert.ok(printed.includes(`=${fingerprint}\n`) && printed.includes(`serial=${serialNumber}\n`))
  })

  test('tells the hosts that it is limited to', () => {
    using other = new TestFolder()
    const limited = makeAuthority(other.ca, { permittedHosts: ['*.example.test', '192.0.2.7', '2001:db8::7'] })
    assert.deepEqual(describeAuthority(limited).permittedHosts, ['example.test', '192.0.2.7', '2001:db8::7'])
  })
})

describe('The roots of the system', () => {
  test('come from the first candidate that holds certificates', () => {
    using other = new TestFolder()
    const path = (name: string): string => join(other.top, name)
    mkdirSync(path('a-folder'))
    writeFileSync(path('empty.pem'), '')
    writeFileSync(path('roots.pem'), roots)
    const candidates = ['missing.pem', 'a-folder', 'empty.pem', 'roots.pem'].map(path)
    assert.deepEqual(readSystemRoots(candidates), { pem: roots, source: path('roots.pem') })
  })

  test('come from Node when no candidate does', () => {
    const { pem, source } = readSystemRoots([])
    assert.equal(source, 'node')
    assert.equal(begins(Buffer.from(pem)), getCACertificates('system').length)
  })
})
