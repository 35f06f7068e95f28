import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatLine } from '../../../src/observe/access-log.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3000 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 500 }),
  fc.constantFrom('"', '\\', '\n', '\u2028', '__proto__', '{}'),
)

describe('The access log', () => {
  test('writes one line of valid JSON for whatever text a client, an origin or an error brings', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (url, userAgent, detail, method) => {
        const line = formatLine(
          exchangeEvent({ url, userAgent, detail, method, client: url, rule: detail, id: method }),
        )
        assert.equal(line.indexOf('\n'), line.length - 1)
        const parsed = JSON.parse(line) as Record<string, unknown>
        assert.equal(parsed.status, 200)
        if (url.length < 300) assert.equal(parsed.url, url)
        assert.ok(Buffer.byteLength(line) < 8 * 2048)
      }),
    )
  })
})
