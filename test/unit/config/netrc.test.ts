import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseNetrc } from '../../../src/config/netrc.ts'

describe('A netrc file', () => {
  test('has one login a machine, on one line or several', () => {
    const text = [
      '# of the build servers',
      'machine FTP.example.org login builder password s3cret # the old one',
      '',
      'machine ftp.example.org:2121',
      '  password p',
      '  login other',
    ].join('\r\n')
    assert.deepEqual(parseNetrc(text), [
      { machine: 'ftp.example.org', user: 'builder', password: 's3cret' },
      { machine: 'ftp.example.org:2121', user: 'other', password: 'p' },
    ])
    assert.deepEqual(parseNetrc(''), [])
  })

  test('may have any character in a value: blanks and quotes within double quotes', () => {
    const text =
      'machine a login "two words" password "a \\"b\\" \\\\"\nmachine b login x password #1\nmachine c login x password ""'
    assert.deepEqual(parseNetrc(text), [
      { machine: 'a', user: 'two words', password: 'a "b" \\' },
      { machine: 'b', user: 'x', password: '#1' },
      { machine: 'c', user: 'x', password: '' },
    ])
  })

  const refused: readonly (readonly [string, string, number])[] = [
    ['a login for every server', 'machine a login b password c\ndefault login b password geheim', 2],
    ['a macro', 'macdef init\ngeheim', 1],
    ['an account', 'machine a login b password c account geheim', 1],
    ['a login without a password', 'machine a login b', 1],
    ['a password without a login', 'machine a password geheim', 1],
    ['an entry that ends too early', 'machine a login b password', 1],
    ['a second password', 'machine a login b password geheim password geheim', 1],
    ['a quote without an end', '\nmachine a login b password "geheim', 2],
    ['a control character', 'machine a login b password geheim\u0007', 1],
  ]
  for (const [title, text, line] of refused) {
    test(`with ${title} is refused by its line, without telling what stands there`, () => {
      const problem = parseNetrc(text)
      assert.ok('reason' in problem)
      assert.equal(problem.line, line)
      assert.doesNotMatch(problem.reason, /geheim/)
    })
  }

  test('whatever it holds gives logins without control characters, or a problem', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'machine login password a"\\#\n\r\t\u0000 '.split(/(?= )|(?<= )|/)) }),
        (text) => {
          const logins = parseNetrc(`machine m login l password ${text}`)
          if ('reason' in logins) return
          for (const { user, password } of logins) assert.doesNotMatch(user + password, /[^ -~]/)
        },
      ),
    )
  })
})
