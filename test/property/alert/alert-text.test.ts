import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { plainText, withinBytes } from '../../../src/alert/alert-text.ts'

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3_000 }),
  fc
    .array(fc.constantFrom('\r\n', '\u001b[2J', '\u202e', '\ud800', '?a=b', '//u:p@h', '\u2028', '\u0085', 'x', '口'))
    .map((all) => all.join('')),
)

describe('The text of a message', () => {
  test('is one line of bounded length without control, format or broken characters, whatever it is made of', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const plain = plainText(text)
        assert.doesNotMatch(plain, /[\p{C}\u2028\u2029]/u)
        assert.ok(plain.length <= 501)
      }),
    )
  })

  test('has neither the query nor the user of a URL in it', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.stringMatching(/^[a-z0-9]{8,12}$/), (url, secret) => {
        const { protocol, host, pathname } = new URL(url)
        const said = plainText(`${protocol}//ann:${secret}@${host}${pathname}?token=${secret} failed`, 5_000)
        assert.ok(!said.includes(secret), said)
      }),
    )
  })

  test('is cut to bytes in whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 3, max: 300 }), (text, most) => {
        const cut = withinBytes(text, most)
        assert.ok(Buffer.byteLength(cut) <= most)
        assert.ok(cut === text || text.startsWith(cut.slice(0, -1)))
      }),
    )
  })
})
