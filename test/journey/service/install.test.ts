import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { homeOf, runProgram } from '../../support/program.ts'

interface Stage {
  readonly folder: string
  readonly units: string
  /** What `systemctl` was told so far; it is a program of the test's for a user, as nobody is logged in here. */
  calls(): string[]
  larder(...words: string[]): ReturnType<typeof runProgram>
}

function stage(context: TestContext): Stage {
  const environment = homeOf(context)
  const folder = environment.HOME!
  const programs = join(folder, 'programs')
  const log = join(folder, 'tmp', 'calls')
  mkdirSync(programs)
  writeFileSync(join(programs, 'systemctl'), `#!/bin/sh\necho "$*" >>"${log}"\n`)
  chmodSync(join(programs, 'systemctl'), 0o755)
  const variables = { ...environment, PATH: `${programs}:${environment.PATH}` }
  return {
    folder,
    units: join(folder, '.config/systemd/user'),
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    larder: (...words) => runProgram(['service', ...words], variables),
  }
}

const names = ['larder-admin.socket', 'larder.service', 'larder.socket']

describe('larder service', () => {
  test('install writes the units of a user and starts the sockets; a second time changes nothing; uninstall takes back all', async (context) => {
    const { units, calls, larder, folder } = stage(context)
    const first = await larder('install', '--user', '--ca')
    assert.equal(first.code, 0, first.err)
    assert.deepEqual(readdirSync(units).sort(), names)
    assert.deepEqual(calls(), [
      '--user daemon-reload',
      '--user enable --now larder.socket larder-admin.socket',
      '--user try-restart larder.service',
    ])
    const service = readFileSync(join(units, 'larder.service'), 'utf8')
    assert.match(service, /^ExecStartPre=\/.* ca init --if-missing$/m)
    assert.match(service, /^ExecStart=\/\S+node \S+ \S+ \/\S+main\.ts serve --idle-exit 15m$/m)
    for (const name of names) assert.match(first.out, new RegExp(`^write .*/${name}$`, 'm'))

    const second = await larder('install', '--user', '--ca')
    assert.equal(second.code, 0, second.err)
    assert.match(second.out, /^unchanged: /)
    assert.doesNotMatch(second.out, /^write /m)

    const end = await larder('uninstall', '--user')
    assert.equal(end.code, 0, end.err)
    assert.equal(existsSync(units), false)
    assert.deepEqual(calls().slice(-2), [
      '--user disable --now larder.socket larder-admin.socket larder.service',
      '--user daemon-reload',
    ])
    const again = await larder('uninstall', '--user')
    assert.deepEqual([again.code, again.out.startsWith('nothing to do')], [0, true], folder)
  })

  test('with --dry-run says what it would do, and does nothing', async (context) => {
    const { units, calls, larder } = stage(context)
    const { code, out } = await larder('install', '--user', '--dry-run')
    assert.equal(code, 0)
    assert.match(out, /^would write .*larder\.socket$/m)
    assert.match(out, /^would run systemctl --user enable --now /m)
    assert.equal(existsSync(units), false)
    assert.deepEqual(calls(), [])
  })

  test('neither overwrites nor removes a unit of another origin', async (context) => {
    const { units, larder } = stage(context)
    mkdirSync(units, { recursive: true })
    writeFileSync(join(units, 'larder.service'), '[Service]\nExecStart=/bin/true\n')
    for (const word of ['install', 'uninstall']) {
      const { code, err } = await larder(word, '--user')
      assert.equal(code, 78)
      assert.match(err, /larder\.service was not written by larder service install/)
    }
    assert.deepEqual(readdirSync(units), ['larder.service'])
  })

  test('installs into the system in another root, and real systemctl enables the sockets there', async (context) => {
    const environment = homeOf(context)
    const root = join(environment.HOME!, 'root')
    const folder = join(root, 'etc/systemd/system')
    const larder = (word: string) => runProgram(['service', word, '--system', '--root', root], environment)
    const { code, err } = await larder('install')
    assert.equal(code, 0, err)
    assert.deepEqual(readdirSync(join(folder, 'sockets.target.wants')).sort(), ['larder-admin.socket', 'larder.socket'])
    assert.match(readFileSync(join(folder, 'larder.service'), 'utf8'), /^DynamicUser=yes$/m)
    const end = await larder('uninstall')
    assert.equal(end.code, 0, end.err)
    assert.equal(existsSync(folder), false)
  })

  test('wants to know for whom it is', async (context) => {
    const { larder } = stage(context)
    const { code, err } = await larder('install')
    assert.equal(code, 2)
    assert.match(err, /Say --user or --system/)
  })
})
