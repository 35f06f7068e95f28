import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { homeOf, runProgram } from '../../support/program.ts'

interface Wrong {
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly code: number
  readonly says: RegExp
}

const commands = [
  'serve',
  'run',
  'env',
  'status',
  'stats',
  'doctor',
  'fetch',
  'why',
  'purge',
  'simulate',
  'ca init',
  'ca show',
  'ca export',
  'image wrap',
  'image unwrap',
  'ca rotate',
  'ca trust',
  'ca untrust',
  'ca remove',
  'alert test',
  'config check',
  'config show',
  'config sample',
  'service install',
  'service uninstall',
  'completion',
]

describe('The command line', () => {
  const table: readonly Wrong[] = [
    { words: ['srve'], code: 2, says: /unknown command 'srve'\n\(Did you mean serve\?\)/ },
    { words: [], code: 2, says: /Usage: larder/ },
    { words: ['serve', '--lissen', 'x'], code: 2, says: /unknown option '--lissen'\n\(Did you mean --listen\?\)/ },
    { words: ['serve', 'extra'], code: 2, says: /too many arguments/ },
    { words: ['serve', '--memory'], code: 2, says: /argument missing/ },
    { words: ['fetch'], code: 2, says: /missing required argument 'url'/ },
    { words: ['env', '--shell', 'tcsh'], code: 2, says: /sh, fish, powershell, docker, dockerfile, json/ },
    { words: ['image', 'wrap', '--engine', 'x', 'a'], code: 2, says: /docker, podman, buildah/ },
    {
      words: ['image', 'unwrap', 'a@sha256:12'],
      code: 2,
      says: /a@sha256:12 is no name.*\n {2}Name it as in python:3/,
    },
    { words: ['image', 'wrap', '--address', 'ftp://a:1', 'a'], code: 2, says: /ftp:\/\/a:1 is no address/ },
    { words: ['image', 'wrap', '--address', 'a:1', '--ca', '/no', 'a'], code: 2, says: /cannot read \/no: ENOENT/ },
    { words: ['ca', 'export', '--format', 'xml'], code: 2, says: /pem, bundle, der, p12, jks/ },
    { words: ['fetch', '--checksum', 'sha256:12', 'http://a.test/'], code: 2, says: /not ALG:HEX/ },
    { words: ['fetch', '-o', 'x', 'http://a.test/', 'http://b.test/'], code: 2, says: /for one URL/ },
    {
      words: ['config', 'check', '--memory', '3'],
      code: 78,
      says: /^larder: CONFIG_BAD_VALUE: memory is "3" \(flag\), expected a size.*\n {2}See larder serve --help\.\n$/,
    },
    {
      words: ['config', 'check'],
      environment: { LARDER_MEMRY: '1GiB' },
      code: 78,
      says: /^larder: CONFIG_UNKNOWN_OPTION: LARDER_MEMRY is no option; the nearest is LARDER_MEMORY\n {2}See/,
    },
    { words: ['serve', '--listen', '0.0.0.0:0'], code: 78, says: /^larder: CONFIG_CONFLICT: listen 0\.0\.0\.0:0/ },
    { words: ['config', 'check', '--config', '/nowhere.yaml'], code: 78, says: /"\/nowhere\.yaml": ENOENT/ },
    { words: ['ca', 'show'], code: 78, says: /^larder: CA_MISSING: .*\n {2}Make one: larder ca init\.\n$/ },
    { words: ['stats'], code: 69, says: /^larder: no daemon answers at unix:.*\n {2}Start one with larder serve/ },
    { words: ['env'], code: 69, says: /no daemon answers/ },
    { words: ['purge', 'http://a.test/'], code: 69, says: /no daemon answers/ },
    { words: ['why', 'http://a.test/'], code: 69, says: /no daemon answers/ },
    { words: ['why', 'a1-7'], code: 69, says: /no daemon answers/ },
    { words: ['why'], code: 2, says: /missing required argument/ },
    { words: ['why', '--header', 'no field', 'http://a.test/'], code: 2, says: /--header is not Name: value/ },
    { words: ['why', '--header', 'A: b', 'a1-7'], code: 2, says: /--header is for a URL, not for an id/ },
    { words: ['status', '--admin', '127.0.0.1:1'], code: 69, says: /admin\.token: ENOENT/ },
  ]
  for (const { words, environment = {}, code, says } of table) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value} `)
    test(`ends \`${variables.join('')}larder ${words.join(' ')}\` with ${code}, saying why`, async (context) => {
      const result = await runProgram(words, { ...homeOf(context), ...environment })
      assert.match(result.err, says)
      assert.equal(result.code, code)
      assert.equal(result.out, '')
    })
  }

  for (const name of commands) {
    test(`explains ${name} with an example`, async (context) => {
      const { code, out } = await runProgram([...name.split(' '), '--help'], homeOf(context))
      assert.equal(code, 0)
      assert.match(out, new RegExp(`Example:\\n.*larder ${name.split(' ')[0]}`))
    })
  }

  test('tells its version', async (context) => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'))
    assert.equal((await runProgram(['--version'], homeOf(context))).out, `${version}\n`)
  })
})

describe('larder config', () => {
  test('show names each value and its origin', async (context) => {
    const home = homeOf(context)
    writeFileSync(join(home.HOME!, 'l.yaml'), 'idle-timeout: 90s\n')
    const environment = { ...home, LARDER_CONFIG: join(home.HOME!, 'l.yaml'), LARDER_SPLICE: 'a.test,b.test' }
    const { out } = await runProgram(['config', 'show', '--memory', '1GiB'], environment)
    assert.match(out, /^memory +1GiB +\[flag\]$/m)
    assert.match(out, /^splice +a\.test, b\.test +\[environment\]$/m)
    assert.match(out, /^idle-timeout +90s +\[file .*l\.yaml:1\]$/m)
    assert.match(out, /^intercept +all hosts +\[initial\]$/m)
    const asJson = JSON.parse((await runProgram(['config', 'show', '--json'], environment)).out)
    assert.deepEqual(asJson.splice, { values: ['a.test', 'b.test'], origin: 'environment' })
  })

  test('show names each rule and its line; check refuses a wrong one with its place and the remedy', async (context) => {
    const home = homeOf(context)
    const file = join(home.HOME!, 'l.yaml')
    const shown = async (rule: string): Promise<string> => {
      writeFileSync(file, `rules:\n  - ${rule}\n`)
      return (await runProgram(['config', 'show', '--config', file], home)).out
    }
    assert.match(
      await shown('{ match: a.test/x, drop: [b, c*] }'),
      /^rules +a\.test\/x: drop b, c\* +\[file .*l\.yaml:2\]$/m,
    )
    assert.match(
      await shown('{ match: a.test, path: y, keep: [], signed: gcs, public: true }'),
      /a\.test\/ \(y\): keep nothing; signed gcs; public/,
    )
    assert.match(await shown('fold: ["https://a.test/", "https://b.test/"]'), /fold https:\/\/a\.test\/, https:/)
    writeFileSync(file, 'rules:\n  - match: a.test\n    dorp: [x]\n')
    const { code, err } = await runProgram(['config', 'check', '--config', file], home)
    assert.equal(code, 78)
    assert.match(err, /l\.yaml:3: a rule has no dorp; known are match, path, drop/)
  })

  test('sample is a configuration that check accepts', async (context) => {
    const home = homeOf(context)
    const file = join(home.HOME!, 'sample.yaml')
    writeFileSync(file, (await runProgram(['config', 'sample'], home)).out)
    assert.equal((await runProgram(['config', 'check', '--config', file], home)).code, 0)
  })
})

describe('larder ca', () => {
  test('init makes a CA whose key only we can read, show tells of it, export gives the certificate', async (context) => {
    const home = homeOf(context)
    const made = JSON.parse((await runProgram(['ca', 'init', '--json'], home)).out)
    assert.equal(statSync(made.keyFile).mode & 0o777, 0o600)
    assert.deepEqual(JSON.parse((await runProgram(['ca', 'show', '--json'], home)).out), made)
    const exported = await runProgram(['ca', 'export'], home)
    assert.equal(exported.out, readFileSync(made.certificateFile, 'utf8'))
    const file = join(home.HOME!, 'bundle.pem')
    await runProgram(['ca', 'export', '--format', 'bundle', '-o', file], home)
    assert.ok(readFileSync(file, 'utf8').endsWith(exported.out))
  })

  test('init never replaces a CA', async (context) => {
    const home = homeOf(context)
    const { out } = await runProgram(['ca', 'init'], home)
    const again = await runProgram(['ca', 'init'], home)
    assert.equal(again.code, 78)
    const fingerprint = /fingerprint +(\S+)/.exec(out)![1]!
    assert.ok((await runProgram(['ca', 'show'], home)).out.includes(fingerprint))
  })

  test('init with --intercept makes a CA that is good for those hosts alone', async (context) => {
    const { out } = await runProgram(['ca', 'init', '--json', '--intercept', '*.example.org'], homeOf(context))
    assert.deepEqual(JSON.parse(out).permittedHosts, ['example.org'])
  })
})

describe('larder serve', () => {
  test('fails with 1 and names the owner when its port is taken, and takes no other', async (context) => {
    const owner = createServer().listen(0, '127.0.0.1')
    await once(owner, 'listening')
    context.after(() => owner.close())
    const { port } = owner.address() as { port: number }
    const home = homeOf(context)
    const { code, err } = await runProgram(['serve', '--listen', `127.0.0.1:${port}`], home)
    assert.equal(code, 1)
    assert.match(err, new RegExp(`^larder: LISTEN_FAILED: .*${port}.*EADDRINUSE, taken by process ${process.pid} `))
    assert.equal(existsSync(join(home.HOME!, '.local/state/larder/admin.sock')), false)
  })
})
