import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import type { CertificateContent } from '../../../src/ca/certificate-builder.ts'
import { certificateFields, childrenOf, readDer } from '../../../src/ca/certificate-fields.ts'
import { builder, openssl } from './authority-fixture.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const signed = (bytes: Uint8Array) => sign('sha256', bytes, privateKey)
const content: CertificateContent = {
  serial: Buffer.from([0x01, 0x80, 0xff]),
  issuer: undefined,
  commonName: 'Bücher & Co',
  notBeforeAt: Date.UTC(2026, 10, 21, 5, 4, 3, 999),
  notAfterAt: Date.UTC(2049, 11, 31, 23, 59, 59),
  publicKey,
  extensions: [{ kind: 'subjectKeyIdentifier', critical: false, identifier: Buffer.alloc(20, 0x80) }],
}
const build = (changes: Partial<CertificateContent> = {}) =>
  new X509Certificate(builder.build({ ...content, ...changes }, signed))

describe('A certificate that was built', () => {
  test('says what it was told: serial, name, seconds, key', () => {
    const certificate = build()
    assert.equal(certificate.serialNumber, '0180FF')
    assert.equal(certificate.subject, 'CN=Bücher & Co')
    assert.equal(certificate.issuer, certificate.subject)
    assert.equal(certificate.validFromDate.toISOString(), '2026-11-21T05:04:03.000Z')
    assert.equal(certificate.validToDate.toISOString(), '2049-12-31T23:59:59.000Z')
    assert.ok(certificate.publicKey.equals(publicKey))
  })

  test('has years from 2050 as GeneralizedTime (RFC 5280 section 4.1.2.5)', () => {
    const far = build({ notAfterAt: Date.UTC(2050, 0, 1) })
    assert.equal(far.validToDate.toISOString(), '2050-01-01T00:00:00.000Z')
    const types = openssl(far, 'asn1parse').match(/UTCTIME|GENERALIZEDTIME/g)
    assert.deepEqual(types, ['UTCTIME', 'GENERALIZEDTIME'])
  })

  test('names ecdsa-with-SHA256 without parameters in both places (RFC 5758 section 3.2)', () => {
    const [tbs, outer, signature] = childrenOf(readDer(build().raw))
    const inner = childrenOf(tbs!)[2]!
    assert.deepEqual(inner.whole, outer!.whole)
    assert.equal(childrenOf(inner).length, 1)
    assert.ok(verify('sha256', tbs!.whole, publicKey, signature!.content.subarray(1)))
  })

  test('repeats the issuer byte for byte', () => {
    const issuer = certificateFields(build({ commonName: 'The issuer' }).raw).subject
    const certificate = build({ issuer })
    assert.equal(certificate.issuer, 'CN=The issuer')
    assert.deepEqual(childrenOf(childrenOf(readDer(certificate.raw))[0]!)[3]!.whole, issuer)
  })

  test('may have an empty subject', () => {
    assert.deepEqual(certificateFields(build({ commonName: undefined }).raw).subject, Buffer.from([0x30, 0x00]))
  })

  test('is read back by openssl without a change of its DER', () => {
    const certificate = build()
    const again = new X509Certificate(openssl(certificate, 'x509', '-outform', 'PEM'))
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    assert.equal(digest(again.raw), digest(certificate.raw))
  })
})

describe('Reading DER', () => {
  test('knows short and long lengths', () => {
    assert.equal(readDer(Buffer.from([4, 1, 7, 9])).whole.length, 3)
    const long = Buffer.concat([Buffer.from([4, 0x82, 1, 0]), Buffer.alloc(256)])
    assert.equal(readDer(long).content.length, 256)
  })

  test('ends with a RangeError where the bytes end too early', () => {
    for (const bytes of [[], [0x30], [0x30, 2, 1], [0x30, 0x82, 1], [0x30, 0x81, 200, 0]]) {
      assert.throws(() => readDer(Buffer.from(bytes)), RangeError)
    }
  })

  test('finds an extension by its number, or none', () => {
    const fields = certificateFields(build().raw)
    assert.deepEqual(fields.extension(14)?.content, Buffer.alloc(20, 0x80))
    assert.equal(fields.extension(30), undefined)
  })
})
