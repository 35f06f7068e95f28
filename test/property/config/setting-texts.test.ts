import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { loadSettings } from '../../../src/config/load-settings.ts'
import { settingTexts } from '../../../src/config/setting-texts.ts'

const environment = { HOME: '/home/ann' }
const port = fc.integer({ min: 0, max: 65_535 })
const host = fc.constantFrom('127.0.0.1', '127.1.2.3', '[::1]', 'localhost')
const amount = fc.integer({ min: 1, max: 10_000 })
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.test$/)
const cidr = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, bits]) => `${address}/${bits}`)

const quotedCommand = (words: readonly string[]): string =>
  `exec:${words.map((word) => (word.includes('"') ? `'${word.replaceAll("'", '')}x'` : `"${word}x"`)).join(' ')}`

const flags = fc.record({
  listen: fc.array(
    fc.tuple(host, port).map(([address, number]) => `${address}:${number}`),
    { minLength: 1 },
  ),
  memory: fc.tuple(amount, fc.constantFrom('B', 'KiB', 'MB', 'GiB')).map(([number, unit]) => [`${number}${unit}`]),
  'idle-timeout': fc.tuple(amount, fc.constantFrom('ms', 's')).map(([number, unit]) => [`${number}${unit}`]),
  'origin-rate': fc
    .tuple(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom('s', 'm', 'h'))
    .map(([number, unit]) => [`${number}/${unit}`]),
  'origin-bandwidth': fc
    .tuple(amount, fc.constantFrom('B', 'KiB', 'MB'))
    .map(([number, unit]) => [`${number}${unit}/s`]),
  splice: fc.array(name),
  'connect-port': fc.array(fc.integer({ min: 1, max: 65_535 }).map(String)),
  'allow-address': fc.array(fc.oneof(cidr, fc.ipV6())),
  alert: fc.array(
    fc.oneof(
      fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] }),
      fc
        .tuple(name, fc.constantFrom('#slack', '#secret=a%20b', '#format=feishu&secret=/x'))
        .map((it) => `https://${it.join('/')}`),
      fc.array(fc.stringMatching(/^[!-~ ]{1,9}$/), { minLength: 1, maxLength: 4 }).map(quotedCommand),
      fc
        .tuple(name, name, port)
        .map(([user, place, number]) => `smtps://${user}@${place}:${number || 1}/?to=a@${user}#secret=p`),
    ),
  ),
  'alert-secret': fc.constantFrom(['none'], ['/a/b']),
})

describe('The texts of settings', () => {
  test('read back to the same settings', () => {
    fc.assert(
      fc.property(flags, (given) => {
        const { settings } = loadSettings({ flags: given, environment, readFile: () => '' })
        const again = loadSettings({ flags: settingTexts(settings), environment, readFile: () => '' })
        assert.deepEqual(again.settings, settings)
      }),
    )
  })
})
