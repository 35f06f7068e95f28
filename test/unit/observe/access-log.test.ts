import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatChange, formatLine } from '../../../src/observe/access-log.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

describe('A line of the access log', () => {
  test('says what happened, and leaves out what did not', () => {
    assert.deepEqual(JSON.parse(formatLine(exchangeEvent())), {
      time: '2026-01-02T03:04:05.678Z',
      id: 'a1-7',
      client: '127.0.0.1',
      method: 'GET',
      url: 'https://registry.example.org/pkg/-/pkg-1.0.0.tgz',
      status: 200,
      result: 'hit',
      rule: 'npm.tarball',
      bytes: 10_240,
      originBytes: 0,
      firstByteMs: 0.25,
      durationMs: 0.5,
    })
  })

  test('tells of a change by the admin address, whatever stands in what was asked', () => {
    const line = formatChange({
      kind: 'admin-change',
      at: Date.UTC(2026, 0, 2),
      by: '127.0.0.1',
      agent: 'a\n{"admin":"pin"}',
      action: 'purge',
      what: 'http://example.org/\u2028"',
      count: 3,
      digests: ['sha256:00'],
    })
    assert.equal(line.indexOf('\n'), line.length - 1)
    assert.deepEqual(JSON.parse(line), {
      time: '2026-01-02T00:00:00.000Z',
      admin: 'purge',
      client: '127.0.0.1',
      what: 'http://example.org/\u2028"',
      count: 3,
      digests: ['sha256:00'],
      agent: 'a\n{"admin":"pin"}',
    })
  })

  test('carries the reason not stored, the fault with its detail, the abort and the agent', () => {
    const line = formatLine(
      exchangeEvent({
        result: 'failed',
        stored: 'origin-fault',
        fault: 'ORIGIN_TRUNCATED',
        detail: 'got 3 of 10 bytes',
        clientAborted: true,
        userAgent: 'npm/11',
      }),
    )
    const { stored, fault, detail, clientAborted, agent } = JSON.parse(line)
    assert.deepEqual(
      [stored, fault, detail, clientAborted, agent],
      ['origin-fault', 'ORIGIN_TRUNCATED', 'got 3 of 10 bytes', true, 'npm/11'],
    )
  })

  const attacks: readonly [string, string][] = [
    ['a line end', 'a\r\n{"result":"hit"}'],
    ['an escape sequence', '\u001b[2J\u001b]0;title\u0007'],
    ['the C1 form of it', '\u009b2J\u0085'],
    ['a line separator of Unicode', 'a\u2028b\u2029c'],
    ['a turn of the writing direction', 'gpj.\u202eexe\u2066'],
    ['quotes and backslashes', '"},\\"\\\\'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a null byte', 'a\0b'],
  ]
  for (const [name, text] of attacks) {
    test(`keeps ${name} inside its field`, () => {
      const line = formatLine(exchangeEvent({ userAgent: text }))
      assert.equal(JSON.parse(line).agent, text)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
      assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
    })
  }

  test('cuts a field at 2 KiB, whatever it holds', () => {
    for (const unit of ['x', '\n', '€', '😀', '"']) {
      const line = formatLine(exchangeEvent({ url: unit.repeat(5000) }))
      const written = /"url":"((?:[^"\\]|\\.)*)"/.exec(line)![1]!
      assert.ok(Buffer.byteLength(written) <= 2048, unit)
      assert.match(JSON.parse(line).url, /…$/)
    }
  })

  test('stays JSON when a duration is no number', () => {
    assert.equal(JSON.parse(formatLine(exchangeEvent({ firstByteMs: Number.NaN }))).firstByteMs, 0)
  })
})
