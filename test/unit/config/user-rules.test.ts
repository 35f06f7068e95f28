import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import { ruleText } from '../../../src/config/rule-texts.ts'
import type { UserRule } from '../../../src/config/user-rules.ts'

const path = '/etc/larder/larder.yaml'

function rulesOf(file: string): readonly UserRule[] {
  const flags = { config: [path] }
  return loadSettings({ flags, environment: { HOME: '/home/ann' }, readFile: () => file }).settings.rules
}

const named = { match: undefined, drop: [], keep: undefined, signed: undefined, public: false, fold: [] }

describe('Rules of the configuration file', () => {
  test('are read, each with the line where it begins', () => {
    const rules = rulesOf(`memory: 1GiB
rules:
  - match: "*.Example.org/get/"
    path: \\.iso$
    drop: [session, utm_*]

  - match: objects.example.org
    keep: []
    signed: s3v4
    public: true
  - fold:
      - https://A.example.org/debian/
      - https://b.example.org:8443/deb/
  - mirrors: [https://A.example.org/x/, https://b.example.org/]
    missing: true
  - mirrors: [http://a.example.org/, http://b.example.org/]
`)
    assert.deepEqual(rules, [
      {
        origin: `${path}:3`,
        match: { host: '*.example.org', pathPrefix: '/get/', pathPattern: /\.iso$/ },
        drop: ['session', 'utm_*'],
        keep: undefined,
        signed: undefined,
        public: false,
        fold: [],
      },
      {
        origin: `${path}:7`,
        match: { host: 'objects.example.org', pathPrefix: '/', pathPattern: undefined },
        drop: [],
        keep: [],
        signed: 's3v4',
        public: true,
        fold: [],
      },
      {
        origin: `${path}:11`,
        match: undefined,
        drop: [],
        keep: undefined,
        signed: undefined,
        public: false,
        fold: ['https://a.example.org/debian/', 'https://b.example.org:8443/deb/'],
      },
      {
        ...named,
        origin: `${path}:14`,
        mirrors: { bases: ['https://a.example.org/x/', 'https://b.example.org/'], alsoMissing: true },
      },
      {
        ...named,
        origin: `${path}:16`,
        mirrors: { bases: ['http://a.example.org/', 'http://b.example.org/'], alsoMissing: false },
      },
    ])
  })

  test('there are none without', () => {
    assert.deepEqual(rulesOf(''), [])
    assert.deepEqual(rulesOf('rules: []'), [])
  })

  const bad: readonly (readonly [string, number, string, string])[] = [
    ['a rule that is none', 1, 'rules: yes', 'rules is no list'],
    ['a rule that is a word', 2, 'rules:\n  - drop', 'a rule is a mapping'],
    ['an unknown member', 3, 'rules:\n  - match: a.test\n    dorp: [x]', 'a rule has no dorp; known are match, path'],
    ['a member without a value', 3, 'rules:\n  - match: a.test\n    drop:\n', 'drop of a rule has no value'],
    ['a match with a scheme', 2, 'rules:\n  - { match: "https://a.test/", drop: [x] }', 'without scheme and port'],
    ['a path that is no expression', 2, 'rules:\n  - { match: a.test, path: "(", drop: [x] }', 'a regular expression'],
    ['a path without a match', 2, 'rules:\n  - { path: a, drop: [x] }', 'path goes with match'],
    ['a name that is none', 2, 'rules:\n  - { match: a.test, drop: ["a=b"] }', 'drop names "a=b"'],
    ['drop without names', 2, 'rules:\n  - { match: a.test, drop: [] }', 'drop names no parameter'],
    ['both drop and keep', 2, 'rules:\n  - { match: a.test, drop: [x], keep: [y] }', 'both drop and keep'],
    ['no match', 2, 'rules:\n  - drop: [x]', 'must say for which URLs'],
    ['nothing to do', 2, 'rules:\n  - match: a.test', 'does nothing'],
    ['an unknown signature', 2, 'rules:\n  - { match: a.test, signed: s3 }', 'expected one of s3v4, s3v2'],
    ['public that is no truth', 2, 'rules:\n  - { match: a.test, public: yes }', 'expected true or false'],
    ['one mirror', 2, 'rules:\n  - fold: [https://a.test/]', 'two base URLs'],
    [
      'a mirror without a final slash',
      2,
      'rules:\n  - fold: [https://a.test/, https://b.test/x]',
      'fold names "https://b.test/x"',
    ],
    ['a mirror with a query', 2, 'rules:\n  - fold: [https://a.test/, "https://b.test/?x/"]', 'fold names'],
    ['mirrors over http and https', 2, 'rules:\n  - fold: [https://a.test/, http://b.test/]', 'mixes https and http'],
    ['one origin as its own mirror', 2, 'rules:\n  - mirrors: [https://a.test/]', 'mirrors needs two base URLs'],
    ['mirrors that are none', 2, 'rules:\n  - mirrors: [a.test, b.test]', 'mirrors names "a.test"'],
    ['mirrors of two schemes', 2, 'rules:\n  - mirrors: [https://a.test/, ftp://b.test/]', 'mixes https and ftp'],
    ['missing without mirrors', 2, 'rules:\n  - { match: a.test, drop: [x], missing: true }', 'goes with mirrors'],
    [
      'mirrors with fold',
      2,
      'rules:\n  - { mirrors: [https://a.test/, https://b.test/], fold: [https://a.test/, https://b.test/] }',
      'remove mirrors',
    ],
    ['fold with match', 2, 'rules:\n  - { match: a.test, fold: [https://a.test/, https://b.test/] }', 'remove match'],
  ]
  for (const [what, line, file, words] of bad) {
    test(`${what} is an error that names the place and what is expected`, () => {
      assert.throws(
        () => rulesOf(file),
        (error) => {
          assert.ok(error instanceof Fault)
          assert.equal(error.code, 'CONFIG_BAD_VALUE')
          assert.ok(error.message.startsWith(`${path}:${line}: `), error.message)
          assert.ok(error.message.includes(words), error.message)
          return true
        },
      )
    })
  }
})

test('fresh is a time with its unit, for the URLs of match', () => {
  const file = (rule: string): string => `rules:\n  - ${rule}\n`
  const rules = rulesOf(file('{ match: "f.example.org/rss/", fresh: 10m }'))
  assert.equal(rules[0]!.freshSeconds, 600)
  assert.equal(ruleText(rules[0]!), 'f.example.org/rss/: fresh 10m')
  assert.throws(() => rulesOf(file('{ match: "f.example.org", fresh: 10 }')), /fresh is "10"/)
  assert.throws(() => rulesOf(file('{ fresh: 10m }')), /must say for which URLs/)
})
