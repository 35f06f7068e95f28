import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { jksOf, readJks } from '../../../src/ca/jks.ts'
import { certificatesIn, trustStorePassword } from '../../../src/ca/trust-export.ts'
import { homeOf, runProgram } from '../../support/program.ts'

const roots = '# the roots of the system\n'

/** Puts a file below `root`, with the folders above it. */
function put(root: string, path: string, content: string | Buffer, mode = 0o644): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
  return file
}

/** Every file below `root`, with what it holds. */
function contentsOf(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  )
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), 'base64')]))
}

const images: readonly (readonly [system: string, files: readonly string[], anchors: string | undefined])[] = [
  [
    'Debian',
    ['usr/sbin/update-ca-certificates', 'etc/ssl/certs/ca-certificates.crt'],
    'usr/local/share/ca-certificates',
  ],
  [
    'Alpine',
    ['usr/sbin/update-ca-certificates', 'etc/alpine-release', 'etc/ssl/cert.pem'],
    'usr/local/share/ca-certificates',
  ],
  [
    'Red Hat',
    ['etc/pki/ca-trust/source/anchors/README', 'etc/pki/tls/certs/ca-bundle.crt'],
    'etc/pki/ca-trust/source/anchors',
  ],
  [
    'Arch',
    ['etc/ca-certificates/trust-source/anchors/README', 'etc/ssl/cert.pem'],
    'etc/ca-certificates/trust-source/anchors',
  ],
  ['SUSE', ['etc/pki/trust/anchors/README', 'etc/ssl/ca-bundle.pem'], 'etc/pki/trust/anchors'],
  ['a few files without an updater', ['etc/ssl/certs/ca-certificates.crt'], undefined],
]

describe('larder ca trust', () => {
  for (const [system, files, anchors] of images) {
    test(`lets an image of ${system} trust the CA, whose updater does not run here, and untrust leaves it as it was`, async (context) => {
      const environment = homeOf(context)
      const root = join(environment.HOME!, 'image')
      for (const path of files) put(root, path, roots)
      const before = contentsOf(root)
      await runProgram(['ca', 'init'], environment)
      const trusted = await runProgram(['ca', 'trust', '--root', root], environment)
      assert.equal(trusted.code, 0, trusted.err)
      assert.match(trusted.out, /^Undo: {2}larder ca untrust --root /m)
      const pem = (await runProgram(['ca', 'export'], environment)).out
      const bundle = files.at(-1)!
      assert.equal(readFileSync(join(root, bundle), 'utf8'), roots + pem)
      if (anchors !== undefined) {
        const added = readdirSync(join(root, anchors)).filter((name) => /^larder-[0-9a-f]{16}\.(?:crt|pem)$/.test(name))
        assert.equal(readFileSync(join(root, anchors, added[0]!), 'utf8'), pem)
      }
      const again = await runProgram(['ca', 'trust', '--root', root], environment)
      assert.equal(again.code, 0, again.err)
      assert.equal(readFileSync(join(root, bundle), 'utf8'), roots + pem)
      const undone = await runProgram(['ca', 'untrust', '--root', root], environment)
      assert.equal(undone.code, 0, undone.err)
      assert.deepEqual(contentsOf(root), before)
    })
  }

  test('adds to the trust stores of Javas in an image, through their links, and remove takes everything back', async (context) => {
    const environment = homeOf(context)
    const root = join(environment.HOME!, 'image')
    put(root, 'etc/ssl/cert.pem', roots)
    const store = put(root, 'etc/ssl/certs/java/cacerts', jksOf([], trustStorePassword, 0))
    mkdirSync(join(root, 'usr/lib/jvm/java-17/lib/security'), { recursive: true })
    symlinkSync('/etc/ssl/certs/java/cacerts', join(root, 'usr/lib/jvm/java-17/lib/security/cacerts'))
    symlinkSync('java-17', join(root, 'usr/lib/jvm/default-java'))
    await runProgram(['ca', 'init'], environment)
    const pem = (await runProgram(['ca', 'export'], environment)).out
    const trusted = await runProgram(['ca', 'trust', '--json', '--root', root], environment)
    assert.equal(trusted.code, 0, trusted.err)
    const { trusted: places } = JSON.parse(trusted.out) as { trusted: { kind: string }[] }
    assert.deepEqual(
      places.map(({ kind }) => kind),
      ['bundle', 'java'],
    )
    const held = (): Buffer[] => readJks(readFileSync(store), trustStorePassword)!.map(({ certificate }) => certificate)
    assert.deepEqual(
      held(),
      certificatesIn(pem).map(({ raw }) => raw),
    )
    assert.match((await runProgram(['ca', 'show'], environment)).out, /^trustedBy .*Java trust store/m)
    const removed = await runProgram(['ca', 'remove'], environment)
    assert.equal(removed.code, 0, removed.err)
    assert.deepEqual(held(), [])
    assert.equal(readFileSync(join(root, 'etc/ssl/cert.pem'), 'utf8'), roots)
    assert.deepEqual(readdirSync(join(environment.HOME!, '.local/share/larder/ca')), [])
  })

  test('adds to databases of NSS, and takes back what it added', async (context) => {
    const environment = homeOf(context)
    const root = join(environment.HOME!, 'image')
    put(root, 'etc/ssl/cert.pem', roots)
    const folder = join(root, 'root/.pki/nssdb')
    mkdirSync(folder, { recursive: true })
    execFileSync('certutil', ['-d', `sql:${folder}`, '-N', '--empty-password'])
    const listed = (): string => execFileSync('certutil', ['-d', `sql:${folder}`, '-L'], { encoding: 'utf8' })
    await runProgram(['ca', 'init'], environment)
    assert.equal((await runProgram(['ca', 'trust', '--root', root], environment)).code, 0)
    assert.match(listed(), /Larder larder-[0-9a-f]{16} +C,,/)
    assert.equal((await runProgram(['ca', 'untrust'], environment)).code, 0)
    assert.doesNotMatch(listed(), /Larder/)
  })

  test('says that a system without store and roots has none', async (context) => {
    const environment = homeOf(context)
    const root = join(environment.HOME!, 'empty')
    mkdirSync(root)
    await runProgram(['ca', 'init'], environment)
    const { code, err } = await runProgram(['ca', 'trust', '--root', root], environment)
    assert.equal(code, 1)
    assert.match(err, /neither a known trust store nor a bundle of roots: install ca-certificates/)
    assert.equal(existsSync(join(root, 'etc')), false)
  })
})

describe('larder ca rotate', () => {
  test('shows the CA that follows, and exports both', async (context) => {
    const environment = homeOf(context)
    await runProgram(['ca', 'init'], environment)
    const rotated = await runProgram(
      ['ca', 'rotate', '--from', '2d', '--only-hosts', 'example.test,10.0.0.0/8'],
      environment,
    )
    assert.equal(rotated.code, 0, rotated.err)
    assert.match(rotated.out, /^The CA that follows:\nfrom .*[\s\S]*^permittedHosts +example\.test, 10\.0\.0\.0\/8$/m)
    assert.equal(certificatesIn((await runProgram(['ca', 'export'], environment)).out).length, 2)
    const twice = await runProgram(['ca', 'rotate'], environment)
    assert.equal(twice.code, 78)
    assert.match(twice.err, /a new CA waits already/)
  })
})
