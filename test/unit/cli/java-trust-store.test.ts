import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { javaTrust } from '../../../src/cli/java-trust-store.ts'

interface Stage {
  readonly home: string
  readonly store: string
  readonly calls: string
}

/** A Java whose keytool writes down what it was told, and does `more`. */
function stage(context: TestContext, more = ''): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'larder-java-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const home = join(folder, 'jdk')
  const calls = join(folder, 'calls')
  mkdirSync(join(home, 'bin'), { recursive: true })
  mkdirSync(join(home, 'lib/security'), { recursive: true })
  writeFileSync(join(home, 'lib/security/cacerts'), 'roots of Java')
  writeFileSync(join(home, 'bin/keytool'), `#!/bin/sh\necho "$JAVA_TOOL_OPTIONS $*" >> '${calls}'\n${more}\n`)
  chmodSync(join(home, 'bin/keytool'), 0o755)
  return { home, store: join(folder, 'store'), calls }
}

describe('The trust store for Java', () => {
  test('is a copy of what Java trusts, with the CA imported, made once', async (context) => {
    const { home, store, calls } = stage(context)
    const environment = { JAVA_HOME: home, PATH: '/bin:/usr/bin', JAVA_TOOL_OPTIONS: '-Dloud' }
    const first = await javaTrust('our ca', store, environment)
    assert.equal(first.kind, 'store')
    assert.ok('path' in first)
    assert.equal(readFileSync(first.path, 'utf8'), 'roots of Java')
    assert.deepEqual(await javaTrust('our ca', store, environment), first)
    assert.match(
      readFileSync(calls, 'utf8'),
      /^ -importcert -noprompt -keystore \S+ -storepass changeit -alias larder -file \S+\n$/,
    )
    assert.equal(readdirSync(store).length, 1)
  })

  test('is another one for another CA', async (context) => {
    const { home, store } = stage(context)
    await javaTrust('our ca', store, { JAVA_HOME: home })
    await javaTrust('the next ca', store, { JAVA_HOME: home })
    assert.equal(readdirSync(store).length, 2)
  })

  test('is not made when the user has one, and says so', async (context) => {
    const { home, store } = stage(context)
    const environment = { JAVA_HOME: home, JAVA_TOOL_OPTIONS: '-Djavax.net.ssl.trustStore=/own.jks' }
    const trust = await javaTrust('our ca', store, environment)
    assert.ok(trust.kind === 'none' && trust.reason?.includes('of its own'))
  })

  test('leaves nothing behind when keytool fails, and says so', async (context) => {
    const { home, store } = stage(context, 'exit 1')
    const trust = await javaTrust('our ca', store, { JAVA_HOME: home })
    assert.ok(trust.kind === 'none' && trust.reason?.includes('will not trust the CA'))
    assert.deepEqual(readdirSync(store), [])
  })

  test('is no matter where there is no Java, and one to tell where there is Java without keytool', async (context) => {
    const { home, store } = stage(context)
    assert.deepEqual(await javaTrust('our ca', store, { PATH: '/nowhere' }), { kind: 'none', reason: undefined })
    rmSync(join(home, 'bin/keytool'))
    writeFileSync(join(home, 'bin/java'), '')
    chmodSync(join(home, 'bin/java'), 0o755)
    const trust = await javaTrust('our ca', store, { PATH: join(home, 'bin') })
    assert.ok(trust.kind === 'none' && trust.reason?.includes('no keytool'))
  })
})
