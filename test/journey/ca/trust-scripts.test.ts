import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { jksOf, readJks } from '../../../src/ca/jks.ts'
import { certificatesIn, trustedEntries, trustStorePassword } from '../../../src/ca/trust-export.ts'
import { javaTrust } from '../../../src/cli/java-trust-store.ts'
import { type CommandEnd, command } from '../../support/command.ts'
import { homeOf } from '../../support/program.ts'
import { makeAuthority, TestFolder } from '../../unit/ca/authority-fixture.ts'

const authorities = new TestFolder()
after(() => authorities[Symbol.dispose]())
const pemOf = (name: string): string => makeAuthority(join(authorities.top, name)).certificatePem
/** As exported in the middle of a rotation: the CA that issues, and the one that follows. */
const pem = pemOf('issuing') + pemOf('next')

interface Stage {
  readonly home: string
  /** With `pem`. */
  readonly file: string
  readonly environment: Readonly<Record<string, string>>
  script(name: string, ...words: readonly string[]): Promise<CommandEnd>
}

function stage(context: TestContext): Stage {
  const environment = homeOf(context)
  const home = environment.HOME!
  const file = join(home, 'ca.pem')
  writeFileSync(file, pem)
  const script = (name: string, ...words: readonly string[]): Promise<CommandEnd> =>
    command(join(import.meta.dirname, '../../../scripts', name), words, { env: environment })
  return { home, file, environment, script }
}

/** Every file below `root`. */
const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(root, name)).isFile())

const systems = [
  ['debian', 'usr/local/share/ca-certificates', '.crt', 'update-ca-certificates', ['usr/sbin/update-ca-certificates']],
  ['alpine', 'usr/local/share/ca-certificates', '.crt', 'update-ca-certificates', ['usr/sbin/update-ca-certificates']],
  ['redhat', 'etc/pki/ca-trust/source/anchors', '.pem', 'update-ca-trust', ['etc/pki/ca-trust/source/anchors/README']],
  [
    'arch',
    'etc/ca-certificates/trust-source/anchors',
    '.pem',
    'update-ca-trust',
    ['etc/ca-certificates/trust-source/README'],
  ],
  ['suse', 'etc/pki/trust/anchors', '.pem', 'update-ca-certificates', ['etc/pki/trust/anchors/README']],
] as const

describe('The scripts for images', () => {
  for (const [system, anchors, extension, updater, signs] of systems) {
    test(`trust-${system} gives each CA of a rotation a file and runs the updater once; --remove leaves the root as it was`, async (context) => {
      const { home, file, environment, script } = stage(context)
      const root = join(home, 'image')
      mkdirSync(root)
      const missing = await script(`trust-${system}`, '--root', root, file)
      assert.equal(missing.code, 1)
      assert.match(missing.stderr, /^trust-\w+: \S+ has no .*ca-certificates/)
      for (const sign of signs) {
        mkdirSync(dirname(join(root, sign)), { recursive: true })
        writeFileSync(join(root, sign), '')
      }
      const before = filesOf(root)
      // The updater of another system does not run here: what would be run in the root is written down.
      const calls = join(home, 'calls')
      writeFileSync(join(home, 'chroot'), `#!/bin/sh\necho "$*" >>'${calls}'\n`)
      chmodSync(join(home, 'chroot'), 0o755)
      Object.assign(environment, { PATH: `${home}:${process.env.PATH}` })
      const act = async (...words: readonly string[]): Promise<void> => {
        const { code, stderr } = await script(`trust-${system}`, ...words, '--root', root, file)
        assert.equal(code, 0, stderr)
      }
      await act()
      const added = readdirSync(join(root, anchors)).filter((name) => name.startsWith('larder-'))
      assert.ok(added.every((name) => name.endsWith(extension)))
      const texts = added.map((name) => readFileSync(join(root, anchors, name), 'utf8'))
      assert.deepEqual(new Set(texts), new Set(pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g)))
      assert.deepEqual(
        texts.map((text) => certificatesIn(text).length),
        [1, 1],
      )
      await act()
      assert.equal(readFileSync(calls, 'utf8'), `${root} ${updater}\n`)
      await act('--remove')
      await act('--remove')
      assert.equal(readFileSync(calls, 'utf8'), `${root} ${updater}\n`.repeat(2))
      assert.deepEqual(filesOf(root), before)
    })
  }

  test('trust-nss adds both CAs to the shared database, which it makes, and to those of Firefox, and takes them back', async (context) => {
    const { home, file, environment, script } = stage(context)
    const shared = join(home, '.pki/nssdb')
    const profile = join(home, '.mozilla/firefox/a profile')
    mkdirSync(profile, { recursive: true })
    mkdirSync(join(home, '.mozilla/firefox/Crash Reports'))
    const certutil = (folder: string, ...words: readonly string[]) =>
      command('certutil', ['-d', `sql:${folder}`, ...words], { env: environment })
    assert.equal((await certutil(profile, '-N', '--empty-password')).code, 0)
    const listed = async (folder: string): Promise<number> =>
      [...(await certutil(folder, '-L')).stdout.matchAll(/^Larder \d+-\d+ +C,,/gm)].length
    for (const _ of ['first', 'again']) {
      const { code, stderr } = await script('trust-nss', file)
      assert.equal(code, 0, stderr)
      assert.deepEqual([await listed(shared), await listed(profile)], [2, 2])
    }
    assert.equal((await script('trust-nss', '--remove', '--database', profile, file)).code, 0)
    assert.deepEqual([await listed(shared), await listed(profile)], [2, 0])
    for (const _ of ['first', 'again']) assert.equal((await script('trust-nss', '--remove', file)).code, 0)
    assert.equal(await listed(shared), 0)
    rmSync(shared, { recursive: true })
    assert.equal((await script('trust-nss', '--remove', file)).code, 0)
    assert.equal(existsSync(shared), false)
  })

  test('trust-java adds both CAs to a store of Java, and takes them back', async (context) => {
    const { home, file, script } = stage(context)
    const store = join(home, 'app.jks')
    writeFileSync(store, jksOf([], trustStorePassword, 0))
    const held = (): readonly Buffer[] =>
      readJks(readFileSync(store), trustStorePassword)!.map(({ certificate }) => certificate)
    const both = certificatesIn(pem).map(({ raw }) => raw.toString('hex'))
    for (const _ of ['first', 'again']) {
      const { code, stderr, stdout } = await script('trust-java', '--store', store, file)
      assert.equal(code, 0, stdout + stderr)
      assert.deepEqual(new Set(held().map((raw) => raw.toString('hex'))), new Set(both))
      assert.equal(held().length, 2)
    }
    assert.equal((await script('trust-java', '--remove', '--store', store, file)).code, 0)
    assert.deepEqual(held(), [])
  })
})

describe('The store that we write for Java', () => {
  test("is read by Java's own keytool, with both CAs of a rotation, whatever format Java's roots are in", async (context) => {
    const { home, environment } = stage(context)
    const keytool = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await command('keytool', words, { env: environment })
      assert.equal(code, 0, stdout + stderr)
      return stdout
    }
    const jdk = join(home, 'jdk')
    const java = await command('sh', ['-c', 'readlink -f "$(command -v keytool)"'], { env: environment })
    mkdirSync(join(jdk, 'lib/security'), { recursive: true })
    mkdirSync(join(jdk, 'bin'))
    writeFileSync(join(jdk, 'bin/keytool'), `#!/bin/sh\nexec ${java.stdout.trim()} "$@"\n`, { mode: 0o755 })
    const root = join(home, 'root.pem')
    const rootPem = pemOf('root')
    writeFileSync(root, rootPem)
    const given = ['-noprompt', '-storepass', trustStorePassword, '-alias', 'root', '-file', root]
    for (const type of ['jks', 'pkcs12']) {
      const cacerts = join(jdk, 'lib/security/cacerts')
      rmSync(cacerts, { force: true })
      await keytool('-importcert', ...given, '-storetype', type, '-keystore', cacerts)
      const folder = join(home, type)
      const environmentOfJdk = { ...environment, JAVA_HOME: jdk }
      const made = await javaTrust({ caPem: pem, systemRootsPem: '', folder, environment: environmentOfJdk })
      assert.ok(made.kind === 'store')
      const listed = await keytool('-list', '-rfc', '-keystore', made.path, '-storepass', made.password)
      assert.deepEqual(
        new Set(certificatesIn(listed).map(({ fingerprint256 }) => fingerprint256)),
        new Set(certificatesIn(rootPem + pem).map(({ fingerprint256 }) => fingerprint256)),
      )
      assert.equal(trustedEntries(listed, '').length, 3)
    }
  })
})
