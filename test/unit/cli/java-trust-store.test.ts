import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { jksOf, readJks } from '../../../src/ca/jks.ts'
import { certificatesIn, trustedEntries, trustStorePassword } from '../../../src/ca/trust-export.ts'
import { type JavaTrust, javaTrust } from '../../../src/cli/java-trust-store.ts'
import { makeAuthority, TestFolder } from '../ca/authority-fixture.ts'

const authorities = new TestFolder()
after(() => authorities[Symbol.dispose]())
const [first, next, ofJava, ofSystem] = ['first', 'next', 'java', 'system'].map(
  (name) => makeAuthority(join(authorities.top, name)).certificatePem,
) as [string, string, string, string]

interface Stage {
  readonly home: string
  readonly folder: string
  readonly calls: string
}

/** A Java whose trust store is `cacerts`, and whose keytool writes down what it was told and does `more`. */
function stage(context: TestContext, cacerts: Buffer | string, more = ''): Stage {
  const top = new TestFolder()
  context.after(() => top[Symbol.dispose]())
  const home = join(top.top, 'jdk')
  const calls = join(top.top, 'calls')
  for (const name of ['bin', 'lib/security']) mkdirSync(join(home, name), { recursive: true })
  writeFileSync(join(home, 'lib/security/cacerts'), cacerts)
  const scripts = { java: 'exit 1', keytool: `echo "$JAVA_TOOL_OPTIONS $*" >> '${calls}'\n${more}` }
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(home, 'bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(home, 'bin', name), 0o755)
  }
  return { home, folder: join(top.top, 'store'), calls }
}

const storeOf = (pem: string): Buffer => jksOf(trustedEntries(pem, ''), trustStorePassword, 0)

const trust = (caPem: string, folder: string, environment: Record<string, string>): Promise<JavaTrust> =>
  javaTrust({ caPem, systemRootsPem: ofSystem, folder, environment })

function assertHolds(made: JavaTrust, ...pems: readonly string[]): void {
  assert.ok(made.kind === 'store')
  assert.equal(made.password, trustStorePassword)
  const held = readJks(readFileSync(made.path), made.password)!.map(({ certificate }) => certificate)
  const wanted = pems.flatMap(certificatesIn).map(({ raw }) => raw)
  assert.deepEqual(held, wanted)
}

describe('The trust store for Java', () => {
  test('is what Java trusts and both CAs of a rotation, each under an alias of its own, made once and without keytool', async (context) => {
    const { home, folder, calls } = stage(context, storeOf(ofJava))
    const made = await trust(first + next, folder, { JAVA_HOME: home })
    assertHolds(made, ofJava, first, next)
    const entries = readJks(readFileSync((made as { path: string }).path), trustStorePassword)!
    assert.equal(new Set(entries.map(({ alias }) => alias)).size, 3)
    const written = readFileSync((made as { path: string }).path)
    assert.deepEqual(await trust(first + next, folder, { JAVA_HOME: home }), made)
    assert.deepEqual(readFileSync((made as { path: string }).path), written)
    assert.equal(readdirSync(folder).length, 1)
    assert.equal(existsSync(calls), false)
  })

  test('is another one for another CA', async (context) => {
    const { home, folder } = stage(context, storeOf(ofJava))
    assertHolds(await trust(first, folder, { JAVA_HOME: home }), ofJava, first)
    assertHolds(await trust(next, folder, { JAVA_HOME: home }), ofJava, next)
    assert.equal(readdirSync(folder).length, 2)
  })

  test('holds a CA once that Java trusts already', async (context) => {
    const { home, folder } = stage(context, storeOf(ofJava + first))
    assertHolds(await trust(first + next, folder, { JAVA_HOME: home }), ofJava, first, next)
  })

  test('is told by keytool what a store in another format holds', async (context) => {
    const { home, folder, calls } = stage(context, 'another format', `cat <<'END'\nAlias: one\n${ofJava}END`)
    const environment = { JAVA_HOME: home, PATH: process.env.PATH!, JAVA_TOOL_OPTIONS: '-Dloud' }
    assertHolds(await trust(first + next, folder, environment), ofJava, first, next)
    assert.match(readFileSync(calls, 'utf8'), /^ -list -rfc -keystore \S+\/cacerts -storepass changeit\n$/)
  })

  test("has the system's roots where keytool fails, is missing, or there is no Java at all", async (context) => {
    const { home, folder } = stage(context, 'another format', 'exit 1')
    assertHolds(await trust(first + next, folder, { JAVA_HOME: home }), ofSystem, first, next)
    rmSync(folder, { recursive: true })
    rmSync(join(home, 'bin/keytool'))
    assertHolds(await trust(first + next, folder, { PATH: join(home, 'bin') }), ofSystem, first, next)
    rmSync(folder, { recursive: true })
    assertHolds(await trust(first + next, folder, { PATH: '/nowhere' }), ofSystem, first, next)
  })

  test('is not made when the user has one, and says so', async (context) => {
    const { home, folder } = stage(context, storeOf(ofJava))
    const own = { JAVA_HOME: home, JAVA_TOOL_OPTIONS: '-Djavax.net.ssl.trustStore=/own.jks' }
    const made = await trust(first, folder, own)
    assert.ok(made.kind === 'none' && made.reason?.includes('of its own'))
    const ours = { JAVA_HOME: home, JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${folder}/java-1.jks` }
    assert.equal((await trust(first, folder, ours)).kind, 'store')
  })

  test('that cannot be written is named with the reason', async (context) => {
    const { home, folder } = stage(context, storeOf(ofJava))
    writeFileSync(folder, 'a file where the folder should be')
    const made = await trust(first, folder, { JAVA_HOME: home })
    assert.ok(made.kind === 'none' && made.reason?.includes('will not trust the CA'))
  })
})
