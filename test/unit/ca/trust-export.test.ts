import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { getCACertificates } from 'node:tls'
import { readSystemRoots } from '../../../src/ca/system-roots.ts'
import { describeAuthority, exportAuthority } from '../../../src/ca/trust-export.ts'
import { makeAuthority, openssl, SetClock, TestFolder } from './authority-fixture.ts'

const folder = new TestFolder()
after(() => folder[Symbol.dispose]())
const authority = makeAuthority(folder.ca)
const roots = makeAuthority(join(folder.top, 'other')).certificatePem
const begins = (text: Buffer): number => text.toString().split('-----BEGIN CERTIFICATE-----\n').length - 1

describe('Exporting the CA', () => {
  test('gives the same certificate as PEM and as DER', () => {
    for (const format of ['pem', 'der'] as const) {
      assert.deepEqual(new X509Certificate(exportAuthority(authority, format, '')).raw, authority.certificate.raw)
    }
  })

  test('gives a bundle of the roots of the system and ours behind them', () => {
    for (const systemRoots of [roots, roots.trimEnd()]) {
      const bundle = exportAuthority(authority, 'bundle', systemRoots)
      assert.equal(begins(bundle), 2)
      assert.equal(bundle.toString(), roots + authority.certificatePem)
    }
    assert.equal(exportAuthority(authority, 'bundle', '').toString(), authority.certificatePem)
  })

  test('never gives the key', () => {
    for (const format of ['pem', 'der', 'bundle'] as const) {
      assert.doesNotMatch(exportAuthority(authority, format, roots).toString('latin1'), /PRIVATE/)
    }
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
