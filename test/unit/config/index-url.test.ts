import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readIndexUrl, withoutSecrets } from '../../../src/config/index-url.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import { settingTexts } from '../../../src/config/setting-texts.ts'

const secret = 'not-for-show'
const environment = { HOME: '/home/ann' }

function load(given: { flag?: string; variable?: string; file?: string; passwordFile?: string }) {
  return loadSettings({
    flags: {
      ...(given.flag === undefined ? {} : { index: [given.flag] }),
      ...(given.file === undefined ? {} : { config: ['/larder.yaml'] }),
      ...(given.passwordFile === undefined ? {} : { 'index-password-file': [given.passwordFile] }),
    },
    environment: { ...environment, ...(given.variable === undefined ? {} : { LARDER_INDEX: given.variable }) },
    readFile: () => `index: "${given.file}"\n`,
  }).settings
}

describe('The URL of the index', () => {
  test('names server, login, database and prefix', () => {
    assert.deepEqual(readIndexUrl(`rediss://ann:${secret}@redis.example.org:7000/3?prefix=builds`), {
      medium: 'redis',
      text: 'rediss://ann@redis.example.org:7000/3?prefix=builds',
      user: 'ann',
      password: secret,
      host: 'redis.example.org',
      port: 7000,
      database: '3',
      tls: true,
      prefix: 'builds',
    })
  })

  const ports = { 'redis://h': 6379, 'valkeys://h': 6379, 'postgresql://h': 5432, 'memcached://h': 11211 }
  for (const [text, port] of Object.entries(ports)) {
    test(`${text} is at port ${port}`, () => assert.equal((readIndexUrl(text) as { port: number }).port, port))
  }

  test('a password may hold any letter, percent-encoded', () => {
    assert.equal(readIndexUrl('redis://:p%40ss%2F@[::1]:1')?.password, 'p@ss/')
    assert.equal((readIndexUrl('redis://:p%40ss%2F@[::1]:1') as { host: string }).host, '::1')
  })

  const tls = {
    'postgres://db.example.org/larder': true,
    'postgres://127.0.0.1/larder': false,
    'postgres://db.example.org/larder?sslmode=disable': false,
    'postgres://localhost/larder?sslmode=verify-full': true,
    'redis://h': false,
    'valkeys://h': true,
  }
  for (const [text, expected] of Object.entries(tls)) {
    test(`${text} is ${expected ? 'verified TLS' : 'plain'}`, () => {
      assert.equal((readIndexUrl(text) as { tls: boolean }).tls, expected)
    })
  }

  const wrong = [
    'redis://h?tls=1',
    'redis://h?prefix=a&prefix=b',
    'redis://h?prefix=A;DROP',
    'memcached://u:p@h',
    'memcached://h/1',
    'postgres://h?sslmode=prefer',
    'redis://h#x',
    'redis://%ff@h',
  ]
  for (const text of wrong) test(`${text} is none`, () => assert.equal(readIndexUrl(text), undefined))
})

describe('The password of the index', () => {
  test('is refused in a flag, where every user of the machine can read it, and the message does not have it', () => {
    assert.throws(
      () => load({ flag: `redis://ann:${secret}@h` }),
      (error: Error) => /LARDER_INDEX/.test(error.message) && !error.message.includes(secret),
    )
  })

  test('may stand in the variable and in the configuration file', () => {
    assert.equal(load({ variable: `redis://ann:${secret}@h` }).index.password, secret)
    assert.equal(load({ file: `redis://ann:${secret}@h` }).index.password, secret)
  })

  test('stands in the URL or in a file, not in both', () => {
    assert.throws(() => load({ variable: `redis://:${secret}@h`, passwordFile: '/p' }), /index-password-file/)
    assert.equal(load({ flag: 'redis://ann@h', passwordFile: '/p' }).indexPasswordFile, '/p')
  })

  test('is masked where settings are shown', () => {
    const shown = settingTexts(load({ variable: `redis://ann:${secret}@h:1/2` })).index
    assert.deepEqual(shown, ['redis://ann:***@h:1/2'])
    assert.deepEqual(settingTexts(load({ variable: `redis://:${secret}@h` })).index, ['redis://:***@h'])
  })

  const broken = [
    `redis://ann:${secret}@h/x`,
    `redis:ann:${secret}@h`,
    `postgres://ann:a/${secret}@h:99999`,
    `mysql://ann:${secret}@h`,
    `//ann:${secret}@h`,
    `redis://h?password=${secret}`,
    `ann:${secret}@h`,
  ]
  for (const text of broken) {
    test(`is not in the message about ${text.replace(secret, 'PASSWORD')}`, () => {
      assert.ok(!withoutSecrets(text).includes(secret))
      assert.throws(
        () => load({ variable: text }),
        (error: Error) => !error.message.includes(secret),
      )
    })
  }
})
