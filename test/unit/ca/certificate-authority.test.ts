import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { systemClock } from '../../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import { createAuthority, loadAuthority } from '../../../src/ca/certificate-authority.ts'
import { builder, dayMs, leafFor, makeAuthority, SetClock, TestFolder } from './authority-fixture.ts'

const clock = systemClock
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
const create = (folder: string) => createAuthority({ folder, builder, clock })

/** Checks that `action` throws the fault `code` with a message that matches. */
function faults(action: () => unknown, code: FaultCode, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof Fault, inspect(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  })
}

function withUmask(mask: number, action: () => void): void {
  const before = process.umask(mask)
  try {
    action()
  } finally {
    process.umask(before)
  }
}

describe('A new CA', () => {
  for (const mask of [0o000, 0o022, 0o077, 0o777]) {
    test(`has folder 0700, key 0600 and certificate 0644 under umask 0${mask.toString(8)}`, () => {
      using folder = new TestFolder()
      withUmask(mask, () => create(folder.ca))
      assert.equal(modeOf(folder.ca), '700')
      assert.equal(modeOf(join(folder.ca, 'ca.key')), '600')
      assert.equal(modeOf(join(folder.ca, 'ca.pem')), '644')
      assert.deepEqual(readdirSync(folder.ca).sort(), ['ca.key', 'ca.pem'])
    })
  }

  test('closes the folder of a checkout, which was open', () => {
    using folder = new TestFolder()
    mkdirSync(folder.ca, { mode: 0o755 })
    for (const name of ['README.md', '.gitignore', 'profile.json']) writeFileSync(join(folder.ca, name), '')
    create(folder.ca)
    assert.equal(modeOf(folder.ca), '700')
  })

  test('never closes an open folder that holds other things', () => {
    using folder = new TestFolder()
    mkdirSync(folder.ca)
    chmodSync(folder.ca, 0o755)
    mkdirSync(join(folder.ca, 'work'))
    faults(() => create(folder.ca), 'CONFIG_CONFLICT', /open to others and holds other files \("work"\)/)
    assert.equal(modeOf(folder.ca), '755')
    assert.deepEqual(readdirSync(folder.ca), ['work'])
  })

  test('never takes the place of one that exists', () => {
    using folder = new TestFolder()
    create(folder.ca)
    const read = () => ['ca.key', 'ca.pem'].map((name) => readFileSync(join(folder.ca, name), 'utf8'))
    const before = read()
    faults(() => create(folder.ca), 'CONFIG_CONFLICT', /ca\.pem exists, and a CA is never overwritten/)
    assert.deepEqual(read(), before)
  })

  test('has its own key each time', () => {
    using one = new TestFolder()
    using other = new TestFolder()
    const keys = [one, other].map(({ ca }) => makeAuthority(ca).certificate.publicKey)
    assert.ok(!keys[0]!.equals(keys[1]!))
  })

  test('leaves nothing when it cannot be finished', () => {
    using folder = new TestFolder()
    const broken = {
      build: () => {
        throw new Error('no certificate')
      },
    }
    assert.throws(() => createAuthority({ folder: folder.ca, builder: broken, clock }), /no certificate/)
    assert.deepEqual(readdirSync(folder.ca), [])
    create(folder.ca)
    loadAuthority({ folder: folder.ca, clock })
  })

  test('takes its key back when the certificate cannot be put in place', () => {
    using folder = new TestFolder()
    const interfering = {
      build: (...parameters: Parameters<typeof builder.build>) => {
        mkdirSync(join(folder.ca, 'ca.pem'))
        return builder.build(...parameters)
      },
    }
    assert.throws(() => createAuthority({ folder: folder.ca, builder: interfering, clock }), Fault)
    assert.deepEqual(readdirSync(folder.ca), ['ca.pem'])
  })

  test('is completed with the key that a killed init left, and what lay beside it is swept', () => {
    using folder = new TestFolder()
    const files = create(folder.ca)
    const key = readFileSync(files.keyFile, 'utf8')
    rmSync(files.certificateFile)
    writeFileSync(join(folder.ca, 'ca.key.0123456789abcdef.new'), 'half', { mode: 0o600 })
    create(folder.ca)
    assert.equal(readFileSync(files.keyFile, 'utf8'), key)
    assert.deepEqual(readdirSync(folder.ca).sort(), ['ca.key', 'ca.pem'])
    loadAuthority({ folder: folder.ca, clock })
  })

  test('is not made from a left key that others could read', () => {
    using folder = new TestFolder()
    const files = create(folder.ca)
    rmSync(files.certificateFile)
    chmodSync(files.keyFile, 0o644)
    faults(() => create(folder.ca), 'CA_KEY_EXPOSED', /ca\.key has mode 0644/)
  })

  test('names a wrong host pattern', () => {
    using folder = new TestFolder()
    const options = { folder: folder.ca, builder, clock, permittedHosts: ['exa mple.test'] }
    faults(() => createAuthority(options), 'CONFIG_BAD_VALUE', /"exa mple\.test"/)
    assert.deepEqual(readdirSync(folder.ca), [])
  })

  test('cannot be made where a file stands', () => {
    using folder = new TestFolder()
    writeFileSync(folder.ca, '')
    faults(() => create(folder.ca), 'CA_UNREADABLE', /cannot make .*EEXIST/)
  })
})

describe('Loading a CA', () => {
  /** A CA, then `spoil`, then the fault of loading it. */
  function refused(spoil: (folder: string) => void, code: FaultCode, message: RegExp, at = clock): void {
    using folder = new TestFolder()
    create(folder.ca)
    spoil(folder.ca)
    faults(() => loadAuthority({ folder: folder.ca, clock: at }), code, message)
  }

  test('gives one that signs what its certificate verifies', () => {
    using folder = new TestFolder()
    const authority = makeAuthority(folder.ca)
    assert.ok(leafFor(authority, 'example.test').verify(authority.certificate.publicKey))
    assert.deepEqual(new X509Certificate(authority.certificatePem).raw, authority.certificate.raw)
    assert.equal(authority.certificatePem, readFileSync(authority.files.certificateFile, 'utf8'))
  })

  test('without folder, certificate or key is CA_MISSING, in an open folder too', () => {
    refused((folder) => rmSync(folder, { recursive: true }), 'CA_MISSING', /ca\.pem: ENOENT/)
    refused((folder) => rmSync(join(folder, 'ca.pem')), 'CA_MISSING', /ca\.pem: ENOENT/)
    refused((folder) => rmSync(join(folder, 'ca.key')), 'CA_MISSING', /ca\.key: ENOENT/)
    const asCloned = (folder: string): void => {
      rmSync(join(folder, 'ca.key'))
      chmodSync(folder, 0o755)
    }
    refused(asCloned, 'CA_MISSING', /ca\.key: ENOENT/)
  })

  for (const mode of [0o640, 0o604, 0o610, 0o602, 0o644]) {
    test(`with a key of mode 0${mode.toString(8)} is CA_KEY_EXPOSED`, () => {
      refused((folder) => chmodSync(join(folder, 'ca.key'), mode), 'CA_KEY_EXPOSED', /ca\.key has mode 06/)
    })
  }

  for (const mode of [0o750, 0o705, 0o711, 0o755]) {
    test(`from a folder of mode 0${mode.toString(8)} is CA_KEY_EXPOSED`, () => {
      refused((folder) => chmodSync(folder, mode), 'CA_KEY_EXPOSED', /has mode 07/)
    })
  }

  test('that belongs to another user is CA_KEY_EXPOSED', (context) => {
    using folder = new TestFolder()
    create(folder.ca)
    const owner = statSync(folder.ca).uid
    context.mock.method(process as { geteuid(): number }, 'geteuid', () => owner + 1)
    const message = new RegExp(`belongs to user ${owner}, not to user ${owner + 1}`)
    faults(() => loadAuthority({ folder: folder.ca, clock }), 'CA_KEY_EXPOSED', message)
    faults(() => create(folder.ca), 'CA_KEY_EXPOSED', message)
  })

  test('accepts a key that its owner may only read', () => {
    using folder = new TestFolder()
    chmodSync(create(folder.ca).keyFile, 0o400)
    loadAuthority({ folder: folder.ca, clock })
  })

  test('with damaged PEM is CA_UNREADABLE, and the message holds nothing of the key', () => {
    const cut = (folder: string): void => {
      const path = join(folder, 'ca.key')
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, 120))
    }
    refused(cut, 'CA_UNREADABLE', /^\S+ca\.key is not a private key in PEM$/)
    refused((folder) => writeFileSync(join(folder, 'ca.key'), ''), 'CA_UNREADABLE', /not a private key/)
    refused((folder) => writeFileSync(join(folder, 'ca.pem'), 'x'), 'CA_UNREADABLE', /not a certificate in PEM/)
  })

  test('that is no regular file is CA_UNREADABLE', () => {
    const asFolder = (name: string) => (folder: string) => {
      rmSync(join(folder, name))
      mkdirSync(join(folder, name), { mode: 0o700 })
    }
    refused(asFolder('ca.pem'), 'CA_UNREADABLE', /ca\.pem is not a regular file/)
    refused(asFolder('ca.key'), 'CA_UNREADABLE', /ca\.key is not a regular file/)
    const asLink = (folder: string): void => {
      const text = readFileSync(join(folder, 'ca.key'))
      writeFileSync(join(folder, 'elsewhere'), text, { mode: 0o600 })
      rmSync(join(folder, 'ca.key'))
      symlinkSync('elsewhere', join(folder, 'ca.key'))
    }
    refused(asLink, 'CA_UNREADABLE', /cannot open \S+ca\.key: ELOOP/)
  })

  test('whose key is another one is CA_UNREADABLE', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    refused((folder) => writeFileSync(join(folder, 'ca.key'), other), 'CA_UNREADABLE', /does not belong to \S+ca\.key/)
  })

  test('whose certificate is a leaf is CA_UNREADABLE', () => {
    using folder = new TestFolder()
    const authority = makeAuthority(folder.ca)
    const key = createPrivateKey(readFileSync(authority.files.keyFile, 'utf8'))
    const leaf = builder.build(
      { ...leafLike, publicKey: authority.certificate.publicKey, issuer: authority.fields.subject },
      (bytes) => authority.sign(bytes),
    )
    writeFileSync(authority.files.certificateFile, new X509Certificate(leaf).toString())
    assert.ok(new X509Certificate(leaf).checkPrivateKey(key))
    faults(() => loadAuthority({ folder: folder.ca, clock }), 'CA_UNREADABLE', /not the certificate of a CA/)
  })

  test('outside of its validity is CA_EXPIRED, and the message tells the span', () => {
    using folder = new TestFolder()
    const set = new SetClock(Date.UTC(2026, 0, 10))
    const { notBeforeAt, notAfterAt } = makeAuthority(folder.ca, { clock: set })
    assert.equal(notBeforeAt, Date.UTC(2026, 0, 9))
    assert.equal(notAfterAt, Date.UTC(2026, 0, 9) + 730 * dayMs - 1_000)
    const load = () => loadAuthority({ folder: folder.ca, clock: set })
    for (const inside of [notBeforeAt, notAfterAt]) {
      set.at = inside
      load()
    }
    for (const outside of [notBeforeAt - 1, notAfterAt + 1]) {
      set.at = outside
      faults(load, 'CA_EXPIRED', /valid from 2026-01-09T00:00:00\.000Z to 2028-01-08T23:59:59\.000Z/)
    }
  })

  test('shows the key in no inspection, JSON or spread', () => {
    using folder = new TestFolder()
    const authority = makeAuthority(folder.ca)
    const pem = readFileSync(authority.files.keyFile, 'utf8')
    const secret = createPrivateKey(pem).export({ format: 'jwk' }).d!
    const options = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null }
    const shown = [inspect(authority, options), JSON.stringify(authority), inspect({ ...authority }, options)].join(
      '\n',
    )
    assert.doesNotMatch(shown, /PRIVATE|PrivateKeyObject/)
    for (const form of [secret, Buffer.from(secret, 'base64url').toString('hex'), pem.split('\n')[1]!]) {
      assert.ok(!shown.includes(form))
    }
  })
})

const leafLike = {
  serial: Buffer.from([1]),
  commonName: 'leaf',
  notBeforeAt: Date.UTC(2026, 0, 1),
  notAfterAt: Date.UTC(2049, 0, 1),
  extensions: [{ kind: 'basicConstraints', critical: true, authority: false }],
} as const
