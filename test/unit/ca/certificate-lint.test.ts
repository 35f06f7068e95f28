import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { leafFor, makeAuthority, openssl, serverNames, TestFolder, verifyStrictly } from './authority-fixture.ts'

interface ExtensionRule {
  readonly critical: boolean | 'when the subject is empty'
  readonly value: string
}

interface Rules {
  readonly maxLifeDays: number
  readonly maxSerialOctets: number
  readonly signatureAlgorithm: string
  readonly curve: string
  readonly extensions: Readonly<Record<string, ExtensionRule>>
  readonly optionalExtensions: Readonly<Record<string, ExtensionRule>>
}

interface RootRules extends Rules {
  readonly subject: string
}

interface LeafRules extends Rules {
  readonly backdatedHours: number
  readonly maxCommonNameCharacters: number
  readonly minSerialRandomBits: number
}

const path = new URL('../../../certs/profile.json', import.meta.url)
const rules = JSON.parse(readFileSync(path, 'utf8')) as { root: RootRules; leaf: LeafRules }
const dayMs = 86_400_000

const folder = new TestFolder()
after(() => folder[Symbol.dispose]())
const authority = makeAuthority(folder.ca)

/** Extensions as `openssl x509 -text` prints them: name, whether critical, value. */
function extensionsOf(certificate: X509Certificate): Map<string, { critical: boolean; value: string }> {
  const text = openssl(certificate, 'x509', '-noout', '-text')
  const block = text.split('X509v3 extensions:\n')[1]!.split(/^ {4}Signature Algorithm/m)[0]!
  const found = block.matchAll(/^ {12}(\S[^\n]*?): ?(critical)?\n((?: {13,}[^\n]*\n?)*)/gm)
  const entry = ([, name, critical, value]: RegExpExecArray) =>
    [name!, { critical: critical !== undefined, value: value!.trim() }] as const
  return new Map([...found].map(entry))
}

/** Every way in which `certificate` leaves the profile. */
function lint(certificate: X509Certificate, profile: Rules): string[] {
  const wrong: string[] = []
  const expect = (what: string, holds: boolean): void => void (holds || wrong.push(what))
  const text = openssl(certificate, 'x509', '-noout', '-text')
  expect('version 3', text.includes('Version: 3 (0x2)'))
  expect('signature algorithm, twice', text.split(`Signature Algorithm: ${profile.signatureAlgorithm}\n`).length === 3)
  expect('curve', certificate.publicKey.asymmetricKeyDetails?.namedCurve === profile.curve)
  const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime() + 1_000
  expect('life', lifeMs <= profile.maxLifeDays * dayMs)
  const serial = BigInt(`0x${certificate.serialNumber}`)
  expect('serial is positive', serial > 0n && !openssl(certificate, 'x509', '-noout', '-serial').includes('-'))
  expect('serial length', certificate.serialNumber.length <= 2 * profile.maxSerialOctets)
  const extensions = extensionsOf(certificate)
  for (const [name, rule] of Object.entries(profile.extensions)) {
    const found = extensions.get(name)
    const emptySubject = (certificate.subject ?? '') === ''
    const critical = rule.critical === 'when the subject is empty' ? emptySubject : rule.critical
    expect(`${name}: there`, found !== undefined)
    expect(`${name}: critical ${critical}`, found?.critical === critical)
    expect(`${name}: ${found?.value}`, new RegExp(rule.value).test(found?.value ?? ''))
  }
  const known = { ...profile.extensions, ...profile.optionalExtensions }
  for (const name of extensions.keys()) expect(`${name}: not in the profile`, known[name] !== undefined)
  return wrong
}

describe('The root certificate', () => {
  test('keeps every rule of certs/profile.json', () => {
    assert.deepEqual(lint(authority.certificate, rules.root), [])
    assert.match(authority.certificate.subject, new RegExp(rules.root.subject))
    assert.equal(authority.certificate.issuer, authority.certificate.subject)
  })

  test('is accepted by openssl verify -x509_strict', () => {
    assert.match(verifyStrictly(authority, authority.certificate, folder.top), /OK/)
  })

  test('of a machine with a long or strange name keeps the limit of a common name', () => {
    for (const [hostName, expected] of [
      [`${'very-long-'.repeat(10)}host`, /^CN=Larder CA (?:very-long-)+\S* \d{4}-\d\d-\d\d$/],
      ['büro 7\n', /^CN=Larder CA b-ro-7- \d{4}-\d\d-\d\d$/],
      ['', /^CN=Larder CA host \d{4}-\d\d-\d\d$/],
    ] as const) {
      using other = new TestFolder()
      const { certificate } = makeAuthority(other.ca, { hostName })
      assert.match(certificate.subject, expected)
      assert.ok(certificate.subject.length <= 'CN='.length + 64)
      assert.deepEqual(lint(certificate, rules.root), [])
    }
  })

  test('with an intercept list constrains names, critically (RFC 5280 section 4.2.1.10)', () => {
    using other = new TestFolder()
    const limited = makeAuthority(other.ca, { permittedHosts: ['*.example.test', 'files.test'] })
    assert.deepEqual(lint(limited.certificate, rules.root), [])
    const constraints = extensionsOf(limited.certificate).get('X509v3 Name Constraints')!
    assert.ok(constraints.critical)
    assert.match(constraints.value, /^Permitted:\s+DNS:example\.test\s+DNS:files\.test\s+Excluded:\s+IP:0\.0\.0\.0/)
    for (const inside of ['example.test', 'a.example.test', 'files.test']) {
      assert.match(verifyStrictly(limited, leafFor(limited, inside), other.top), /OK/)
    }
    for (const outside of ['example.org', 'badexample.test', '127.0.0.1', '::1']) {
      assert.throws(
        () => verifyStrictly(limited, leafFor(limited, outside), other.top),
        /(?:permitted|excluded) subtree/,
      )
    }
  })

  test('limited to an address is good for no other and for no name', () => {
    using other = new TestFolder()
    const limited = makeAuthority(other.ca, { permittedHosts: ['192.0.2.7'] })
    assert.match(verifyStrictly(limited, leafFor(limited, '192.0.2.7'), other.top), /OK/)
    for (const outside of ['192.0.2.8', '::1', 'example.test']) {
      assert.throws(
        () => verifyStrictly(limited, leafFor(limited, outside), other.top),
        /(?:permitted|excluded) subtree/,
      )
    }
  })
})

for (const name of serverNames) {
  describe(`The leaf for ${name.slice(0, 30)}`, () => {
    const leaf = leafFor(authority, name)
    const isAddress = /^[\d.]+$|:/.test(name)

    test('keeps every rule of certs/profile.json', () => {
      assert.deepEqual(lint(leaf, rules.leaf), [])
    })

    test('is accepted by openssl verify -x509_strict', () => {
      assert.match(verifyStrictly(authority, leaf, folder.top), /OK/)
    })

    test('names the server and no other', () => {
      const matches = (host: string) => (isAddress ? leaf.checkIP(host) : leaf.checkHost(host))
      assert.notEqual(matches(name), undefined)
      assert.equal(leaf.checkHost('other.test'), undefined)
      assert.equal(leaf.checkIP('127.0.0.2'), undefined)
      if (!isAddress) assert.equal(leaf.checkHost(`sub.${name}`), undefined)
    })

    test('is issued by the root, lies within its validity and is backdated', () => {
      assert.ok(leaf.checkIssued(authority.certificate))
      assert.ok(leaf.verify(authority.certificate.publicKey))
      assert.equal(leaf.ca, false)
      assert.ok(leaf.validToDate <= authority.certificate.validToDate)
      const backdatedMs = Date.now() - leaf.validFromDate.getTime()
      assert.ok(backdatedMs >= 0 && backdatedMs <= (rules.leaf.backdatedHours + 1) * 3_600_000)
    })

    test('has a common name only when it is a short name of DNS', () => {
      const short = !isAddress && name.length <= rules.leaf.maxCommonNameCharacters
      assert.equal(leaf.subject ?? '', short ? `CN=${name}` : '')
    })
  })
}

describe('The folder certs/', () => {
  test('lets git take what explains and checks, and neither key nor certificate', () => {
    const top = fileURLToPath(new URL('../../../', import.meta.url))
    const ignored = (name: string): boolean =>
      spawnSync('git', ['check-ignore', '--quiet', '--no-index', `certs/${name}`], { cwd: top }).status === 0
    for (const name of ['ca.key', 'ca.pem', 'ca.key.0123456789abcdef.new', 'x.p12', 'sub/ca.key'])
      assert.ok(ignored(name))
    for (const name of ['README.md', '.gitignore', 'profile.json']) assert.ok(!ignored(name))
  })
})

describe('Serial numbers', () => {
  test('are unique, positive, and hold 128 random bits in at most 20 octets (RFC 5280 section 4.1.2.2)', () => {
    const serials = Array.from({ length: 200 }, () => leafFor(authority, 'example.test').serialNumber)
    assert.equal(new Set(serials).size, serials.length)
    const bits = Array.from({ length: rules.leaf.minSerialRandomBits }, (_, bit) => 1n << BigInt(bit))
    for (const bit of bits) {
      const ones = serials.filter((serial) => (BigInt(`0x${serial}`) & bit) !== 0n).length
      assert.ok(ones > 0 && ones < serials.length, 'every one of the bits varies')
    }
    for (const serial of serials) assert.ok(serial.length <= 40 && Number.parseInt(serial.slice(0, 2), 16) < 0x80)
  })
})
