import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import type { Flags, Origin } from '../../../src/config/given-options.ts'
import { type LoadedSettings, loadSettings } from '../../../src/config/load-settings.ts'
import { type OptionName, optionRows, variableOf } from '../../../src/config/options.ts'
import type { Settings } from '../../../src/config/settings.ts'

interface Given {
  readonly flags?: Flags
  readonly environment?: Readonly<Record<string, string>>
  readonly file?: string
}

const path = '/etc/larder/larder.yaml'
const home = { HOME: '/home/ann' }

function load({ flags = {}, environment = {}, file }: Given): LoadedSettings {
  const config: Flags = file === undefined ? {} : { config: [path] }
  return loadSettings({
    flags: { ...config, ...flags },
    environment: { ...home, ...environment },
    readFile: () => file ?? '',
  })
}

const fault =
  (code: FaultCode, ...words: string[]) =>
  (error: unknown): true => {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, code)
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} lacks ${word}`)
    return true
  }

interface Row {
  readonly setting: keyof Settings
  readonly text: string
  readonly value: unknown
  readonly initial: unknown
  readonly bad: readonly string[]
}

const second = 1000
const table: Readonly<Record<OptionName, Row>> = {
  listen: {
    setting: 'listen',
    text: '[::1]:0',
    value: [{ host: '::1', port: 0 }],
    initial: [
      { host: '127.0.0.1', port: 3128 },
      { host: '::1', port: 3128 },
    ],
    bad: ['3128', '127.0.0.1', '127.0.0.1:65536', '::1:3128', 'example.org:1', '[127.0.0.1]:1', '127.1:1', '0x7f.1:1'],
  },
  admin: {
    setting: 'admin',
    text: 'unix:/run/larder/a.sock',
    value: { path: '/run/larder/a.sock' },
    initial: { path: '/home/ann/.local/state/larder/admin.sock' },
    bad: ['unix:', `unix:/${'a'.repeat(107)}`, '0.0.0.0:3129', '192.0.2.1:3129', '/run/a.sock'],
  },
  data: {
    setting: 'dataFolder',
    text: '/srv/larder',
    value: '/srv/larder',
    initial: '/home/ann/.cache/larder',
    bad: ['a\0b'],
  },
  'ca-dir': {
    setting: 'caFolder',
    text: '/srv/ca',
    value: '/srv/ca',
    initial: '/home/ann/.local/share/larder/ca',
    bad: ['a\0b'],
  },
  store: { setting: 'store', text: 'fs:', value: 'fs:', initial: 'fs:', bad: ['s3://bucket', 'fs'] },
  index: {
    setting: 'index',
    text: 'memory:',
    value: { medium: 'memory', text: 'memory:', password: undefined },
    initial: { medium: 'sqlite', text: 'sqlite:', password: undefined },
    bad: ['redis://', 'sqlite', 'http://h', 'redis://h/x', 'mysql://h'],
  },
  'index-password-file': {
    setting: 'indexPasswordFile',
    text: '/password',
    value: '/password',
    initial: undefined,
    bad: ['a\0b'],
  },
  'index-key': { setting: 'indexKeyFile', text: '/key', value: '/key', initial: undefined, bad: ['a\0b'] },
  'index-ca': { setting: 'indexCaFile', text: '/a.pem', value: '/a.pem', initial: undefined, bad: ['a\0b'] },
  quota: { setting: 'quotaBytes', text: '1GiB', value: 2 ** 30, initial: 10 * 2 ** 30, bad: ['1', '80%'] },
  'high-water': { setting: 'highWater', text: '0.9', value: 0.9, initial: 0.8, bad: ['0', '1.5', '8', '101%'] },
  'low-water': { setting: 'lowWater', text: '50%', value: 0.5, initial: 0.7, bad: ['0', '-1', 'half'] },
  eviction: { setting: 'eviction', text: 'sieve', value: 'sieve', initial: 'gdsf', bad: ['arc', 'LRU'] },
  'verify-every': {
    setting: 'verifyEveryMs',
    text: 'never',
    value: Number.POSITIVE_INFINITY,
    initial: 7 * 24 * 3_600_000,
    bad: ['none', '7', '0s', '-1h', ''],
  },
  'verify-rate': {
    setting: 'verifyBytesPerSecond',
    text: '50MB',
    value: 50_000_000,
    initial: 10_000_000,
    bad: ['1', '0MB', 'fast'],
  },
  memory: {
    setting: 'memoryBytes',
    text: '1GiB',
    value: 2 ** 30,
    initial: 2 ** 28,
    bad: ['1', '0MiB', '-1MiB', '1gib', '9999999TiB', '0.3B'],
  },
  intercept: {
    setting: 'intercept',
    text: '*.Example.org,192.0.2.1',
    value: ['*.example.org', '192.0.2.1'],
    initial: [],
    bad: ['*example.org', 'a..b', 'https://a', 'a b', '-a', 'a/b', '*.*.org'],
  },
  splice: { setting: 'splice', text: 'a.test', value: ['a.test'], initial: [], bad: ['*.', '.test'] },
  'connect-port': {
    setting: 'connectPorts',
    text: '443, 8443',
    value: [443, 8443],
    initial: [443],
    bad: ['0', '65536', 'https', '4.5', '1e3'],
  },
  'allow-address': {
    setting: 'allowAddresses',
    text: '10.0.0.0/8,fd00::/8,192.0.2.1',
    value: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1/32'],
    initial: [],
    bad: ['10.0.0.0/33', '::/129', '10/8', 'host', '10.0.0.0/', 'fe80::1%eth0'],
  },
  'deny-address': { setting: 'denyAddresses', text: '::1', value: ['::1/128'], initial: [], bad: ['10.0.0.256'] },
  'allow-client': {
    setting: 'allowClients',
    text: '192.0.2.0/24',
    value: ['192.0.2.0/24'],
    initial: [],
    bad: ['192.0.2.0/a'],
  },
  'origin-ca': { setting: 'originCaFiles', text: '/a.pem', value: ['/a.pem'], initial: [], bad: ['a\0b'] },
  'ftp-credentials': { setting: 'ftpCredentialFiles', text: '/netrc', value: ['/netrc'], initial: [], bad: ['a\0b'] },
  'ftp-tls': {
    setting: 'ftpTls',
    text: 'ftp.example.org',
    value: ['ftp.example.org'],
    initial: [],
    bad: ['ftp://example.org'],
  },
  parent: {
    setting: 'parents',
    text: 'http://Proxy.example.org:3128',
    value: [{ tls: false, host: 'proxy.example.org', port: 3128 }],
    initial: [],
    bad: [
      'proxy:3128',
      'http://proxy',
      'http://proxy:0',
      'socks5://proxy:1',
      'http://*.a:1',
      'http://a:1/path',
      'DIRECTLY',
    ],
  },
  'parent-credentials': {
    setting: 'parentCredentialFiles',
    text: '/etc/larder/parents',
    value: ['/etc/larder/parents'],
    initial: [],
    bad: ['a\0b'],
  },
  'no-proxy': {
    setting: 'noProxy',
    text: '.Corp.example.org.',
    value: ['corp.example.org'],
    initial: [],
    bad: ['*.example.org', '10.0.0.0/33', 'a b', 'example.org/8'],
  },
  'connect-timeout': {
    setting: 'connectTimeoutMs',
    text: '1500ms',
    value: 1500,
    initial: 10 * second,
    bad: ['10', '10 seconds', '0s', '25d', '1e3s', 's'],
  },
  'head-timeout': { setting: 'headTimeoutMs', text: '2m', value: 120 * second, initial: 60 * second, bad: ['-1s'] },
  'idle-timeout': { setting: 'idleTimeoutMs', text: '1.5s', value: 1500, initial: 30 * second, bad: ['Infinity'] },
  'origin-connections': {
    setting: 'originConnections',
    text: '8',
    value: 8,
    initial: 32,
    bad: ['', '0', '1001', '1.5', '-1', 'auto'],
  },
  'origin-rate': {
    setting: 'originRate',
    text: '90/m',
    value: 1.5,
    initial: Infinity,
    bad: ['', '0/s', '10', '1.5/s', '-1/s', '10/d', '1000000/s'],
  },
  'origin-bandwidth': {
    setting: 'originBytesPerSecond',
    text: '10MiB/s',
    value: 10 * 2 ** 20,
    initial: Infinity,
    bad: ['', '0/s', '0B/s', '10MiB', '10/s', '10MiB/m'],
  },
  'retry-attempts': {
    setting: 'retryAttempts',
    text: '8',
    value: 8,
    initial: 5,
    bad: ['0', '21', '-1', '2.5', 'many', '1e1'],
  },
  'retry-budget': {
    setting: 'retryBudget',
    text: '100%',
    value: 1,
    initial: 0.5,
    bad: ['50', '0.5', '-1%', '1001%', '5.5%', '%'],
  },
  alert: {
    setting: 'alerts',
    text: 'https://hooks.slack.com/services/T/B/X',
    value: [{ kind: 'webhook', url: 'https://hooks.slack.com/services/T/B/X', format: 'slack', secretFile: undefined }],
    initial: [],
    bad: ['hooks.slack.com', 'exec:', 'ftp://a.test/', 'https://a.test/#teams', 'smtp://a.test/?to=', 'mailto:'],
  },
  'idle-exit': {
    setting: 'idleExitMs',
    text: '15m',
    value: 900_000,
    initial: Number.POSITIVE_INFINITY,
    bad: ['none', '15', '0s', ''],
  },
  'alert-window': {
    setting: 'alertWindowMs',
    text: '90s',
    value: 90 * second,
    initial: 300 * second,
    bad: ['5', '0s'],
  },
  'alert-secret': {
    setting: 'alertSecretFile',
    text: '/etc/larder/alert.secret',
    value: '/etc/larder/alert.secret',
    initial: undefined,
    bad: ['a\0b'],
  },
  'access-log': { setting: 'accessLog', text: '/var/log/a', value: '/var/log/a', initial: '-', bad: ['a\0b'] },
  'strict-trust': { setting: 'strictTrust', text: 'yes', value: true, initial: false, bad: ['', 'maybe', '1'] },
  offline: { setting: 'offline', text: 'yes', value: true, initial: false, bad: ['', 'maybe', '1'] },
  profile: {
    setting: 'profile',
    text: 'standards',
    value: 'standards',
    initial: 'builds',
    bad: ['build', 'STANDARDS'],
  },
}

describe('Each option', () => {
  for (const row of optionRows) {
    const { setting, text, value, initial, bad } = table[row.name]
    const inFile = `# first line\n${row.name}: ${row.repeatable ? JSON.stringify(text.split(',').map((one) => one.trim())) : JSON.stringify(text)}\n`
    // Whatever is listened on, the rest of the row is not about who may reach it.
    const sources: readonly [Origin, Given][] = [
      ['flag', { flags: { [row.name]: [text] } }],
      ['environment', { environment: { [variableOf(row.name)]: text } }],
      [`file ${path}:2`, { file: inFile }],
    ]
    for (const [origin, given] of sources) {
      test(`${row.name} is read from ${origin.replace(/ .*/, '')}`, () => {
        const { settings, origins } = load(given)
        assert.deepEqual(settings[setting], value)
        assert.equal(origins[row.name], origin)
      })
    }

    test(`${row.name} has its initial value when nobody gives one`, () => {
      const { settings, origins } = load({})
      assert.deepEqual(settings[setting], initial)
      assert.equal(origins[row.name], 'initial')
    })

    test(`${row.name} refuses what is not of its kind, naming option, value and what is expected`, () => {
      for (const text of bad) {
        const shown = row.isSecret ? 'not shown' : JSON.stringify(text)
        const wanted = fault('CONFIG_BAD_VALUE', row.name, shown, 'expected', '(flag)')
        assert.throws(() => load({ flags: { [row.name]: [text] } }), wanted, text)
      }
    })
  }
})

describe('Precedence', () => {
  const file = 'memory: 1MiB\nidle-timeout: 1s\nhead-timeout: 1s\n'
  const environment = { LARDER_MEMORY: '2MiB', LARDER_IDLE_TIMEOUT: '2s' }

  test('a flag wins over a variable, a variable over the file, the file over the initial value', () => {
    const { settings, origins } = load({ file, environment, flags: { memory: ['3MiB'] } })
    assert.deepEqual(
      [settings.memoryBytes, settings.idleTimeoutMs, settings.headTimeoutMs, settings.connectTimeoutMs],
      [3 * 2 ** 20, 2000, 1000, 10_000],
    )
    assert.deepEqual(
      [origins.memory, origins['idle-timeout'], origins['head-timeout'], origins['connect-timeout']],
      ['flag', 'environment', `file ${path}:3`, 'initial'],
    )
  })

  test('a list replaces the whole list of a weaker source', () => {
    const { settings } = load({ environment: { LARDER_SPLICE: 'a.test,b.test' }, flags: { splice: ['c.test'] } })
    assert.deepEqual(settings.splice, ['c.test'])
  })

  test('a repeated flag adds up', () => {
    assert.deepEqual(load({ flags: { splice: ['a.test', 'b.test,c.test'] } }).settings.splice, [
      'a.test',
      'b.test',
      'c.test',
    ])
  })

  test('an empty variable counts as not given', () => {
    assert.equal(load({ environment: { LARDER_MEMORY: '' } }).origins.memory, 'initial')
  })

  test('LARDER_CONFIG names the file when no flag does', () => {
    const read: string[] = []
    const readFile = (name: string): string => {
      read.push(name)
      return ''
    }
    loadSettings({ flags: {}, environment: { ...home, LARDER_CONFIG: '/a.yaml' }, readFile })
    loadSettings({ flags: { config: ['/b.yaml'] }, environment: { ...home, LARDER_CONFIG: '/a.yaml' }, readFile })
    assert.deepEqual(read, ['/a.yaml', '/b.yaml'])
  })

  test('a relative path starts at the working folder, in a file at the folder of the file', () => {
    assert.equal(load({ flags: { data: ['d'] } }).settings.dataFolder, resolve('d'))
    assert.equal(load({ file: 'data: d' }).settings.dataFolder, '/etc/larder/d')
    assert.deepEqual(load({ file: 'admin: unix:a.sock' }).settings.admin, { path: '/etc/larder/a.sock' })
  })
})

describe('An unknown name', () => {
  test('in the file is an error that names the line and the nearest option', () => {
    const wanted = fault('CONFIG_UNKNOWN_OPTION', `${path}:3: listn`, 'nearest is listen')
    assert.throws(() => load({ file: '\n\nlistn: x\n' }), wanted)
  })

  test('in the environment is an error that names the nearest variable', () => {
    const wanted = fault('CONFIG_UNKNOWN_OPTION', 'LARDER_CADIR', 'LARDER_CA_DIR')
    assert.throws(() => load({ environment: { LARDER_CADIR: 'x' } }), wanted)
  })

  test('as a flag is an error that names the nearest flag', () => {
    assert.throws(() => load({ flags: { memry: ['x'] } }), fault('CONFIG_UNKNOWN_OPTION', '--memry', '--memory'))
  })

  test('is none when Kubernetes made the variable for a Service called larder', () => {
    const environment = {
      LARDER_PORT: 'tcp://192.0.2.1:3128',
      LARDER_PORT_3128_TCP_ADDR: '192.0.2.1',
      LARDER_SERVICE_HOST: '192.0.2.1',
    }
    assert.equal(load({ environment }).origins.listen, 'initial')
  })
})

describe('A file', () => {
  for (const text of ['- a', 'listen: {a: b}', 'data: 1\ndata: 2', 'a: b: c', 'words', '[a]: b', 'listen: [[a]]']) {
    test(`that is ${JSON.stringify(text)} is refused with its line`, () => {
      assert.throws(() => load({ file: text }), fault('CONFIG_BAD_VALUE', `${path}:`))
    })
  }

  test('that gives a name no value is refused', () => {
    assert.throws(() => load({ file: 'data:\n' }), fault('CONFIG_BAD_VALUE', `${path}:1`, 'data has no value'))
  })

  test('that gives a list to an option with one value is refused', () => {
    assert.throws(() => load({ file: 'data: [a, b]' }), fault('CONFIG_BAD_VALUE', 'one value'))
  })

  test('may be empty, or comments alone', () => {
    for (const file of ['', '# nothing\n', '---\n']) assert.equal(load({ file }).origins.listen, 'initial')
  })

  test('may write numbers bare', () => {
    assert.deepEqual(load({ file: 'connect-port: [443, 8443]' }).settings.connectPorts, [443, 8443])
  })

  test('that cannot be read is an error that names it', () => {
    const readFile = (): never => {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    }
    const flags = { config: ['/nowhere.yaml'] }
    const wanted = fault('CONFIG_BAD_VALUE', '/nowhere.yaml', 'ENOENT')
    assert.throws(() => loadSettings({ flags, environment: home, readFile }), wanted)
  })
})

describe('A conflict', () => {
  test('is listening beyond loopback without saying who is served', () => {
    for (const text of ['0.0.0.0:3128', '[::]:3128', '192.0.2.1:3128']) {
      assert.throws(() => load({ flags: { listen: [text] } }), fault('CONFIG_CONFLICT', 'allow-client'))
      load({ flags: { listen: [text], 'allow-client': ['192.0.2.0/24'] } })
    }
  })

  test('is none for all of 127.0.0.0/8, ::1 and localhost', () => {
    for (const text of ['127.9.9.9:1', '[::1]:1', 'localhost:1']) load({ flags: { listen: [text] } })
  })

  test('is a host that is both intercepted and spliced', () => {
    const flags = { intercept: ['a.test'], splice: ['A.test'] }
    assert.throws(() => load({ flags }), fault('CONFIG_CONFLICT', 'a.test'))
  })

  test('is a parent that stands behind direct, stands there twice, or is the proxy itself', () => {
    const conflict = (...parent: string[]): void =>
      assert.throws(() => load({ flags: { parent } }), fault('CONFIG_CONFLICT', 'parent'))
    conflict('direct', 'http://a.test:1')
    conflict('http://a.test:1', 'https://a.test:1', 'http://A.test:1')
    conflict('http://127.0.0.1:3128')
    load({ flags: { parent: ['http://a.test:1', 'https://a.test:1', 'http://127.0.0.1:3129', 'direct'] } })
  })
})

describe('A password in the URL of a parent', () => {
  const secret = 'http://ann:geheim@proxy.test:3128'
  for (const given of [
    { flags: { parent: [secret] } },
    { environment: { LARDER_PARENT: secret } },
    { file: `parent: [${secret}]` },
  ]) {
    test(`is refused and not repeated: ${Object.keys(given)}`, () => {
      assert.throws(
        () => load(given),
        (error: unknown) => {
          fault('CONFIG_BAD_VALUE', 'parent-credentials')(error)
          assert.doesNotMatch((error as Error).message, /geheim/)
          return true
        },
      )
    })
  }
})
