import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields } from '../../../src/http/fields.ts'
import { checkRequestHead, expectationFails, type RequestHead } from '../../../src/http/request-gate.ts'

const host = ['Host', 'example.org']

function head(part: Partial<RequestHead> & { more?: readonly string[] }): RequestHead {
  const { more = [], ...rest } = part
  return { method: 'GET', requestTarget: 'http://example.org/', httpVersion: '1.1', raw: [...host, ...more], ...rest }
}

const accepted: Record<string, RequestHead> = {
  'an ordinary request': head({ more: ['Accept', '*/*', 'Connection', 'Keep-Alive', 'User-Agent', 'a (b, c)'] }),
  'an ftp target': head({ requestTarget: 'ftp://example.org/a' }),
  'HTTP/1.0 without Host': head({ httpVersion: '1.0', raw: [] }),
  'a Host with port': head({ raw: ['Host', 'example.org:8080'] }),
  'an IPv6 Host': head({ raw: ['host', '[::1]:80'] }),
  'content of a POST': head({ method: 'POST', more: ['Content-Length', '5'] }),
  'chunked content of a PUT': head({ method: 'PUT', more: ['Transfer-Encoding', 'chunked'] }),
  'a GET that declares no content': head({ more: ['Content-Length', '0'] }),
  'another option in Connection': head({ more: ['Connection', 'Upgrade, HTTP2-Settings'] }),
  'an expectation, which is judged elsewhere': head({ more: ['Expect', 'a miracle'] }),
  'a field with an underscore that frames nothing': head({ more: ['X_Token', 'a'] }),
  'CONNECT with authority-form': head({ method: 'CONNECT', requestTarget: 'example.org:443' }),
}

const refused: Record<string, [RequestHead, RegExp]> = {
  'HTTP/0.9': [head({ httpVersion: '0.9' }), /version/],
  'HTTP/2.0': [head({ httpVersion: '2.0' }), /version/],
  'a method that is no token': [head({ method: 'G(T' }), /method/],
  'origin-form': [head({ requestTarget: '/a' }), /absolute-form/],
  'origin-form that holds a URL': [head({ requestTarget: '/http://example.org/' }), /absolute-form/],
  'authority-form without CONNECT': [head({ requestTarget: 'example.org:443' }), /absolute-form/],
  'asterisk-form': [head({ method: 'OPTIONS', requestTarget: '*' }), /absolute-form/],
  'CONNECT with absolute-form': [head({ method: 'CONNECT', requestTarget: 'http://example.org/' }), /authority-form/],
  'an empty target': [head({ requestTarget: '' }), /target/],
  'a fragment': [head({ requestTarget: 'http://example.org/a#b' }), /fragment/],
  'a space in the target': [head({ requestTarget: 'http://example.org/a b' }), /visible/],
  'a control character in the target': [head({ requestTarget: 'http://example.org/\x01' }), /visible/],
  'DEL in the target': [head({ requestTarget: 'http://example.org/\x7f' }), /visible/],
  'a byte beyond ASCII in the target': [head({ requestTarget: 'http://example.org/\xe9' }), /visible/],
  'a target above 8 KB': [head({ requestTarget: `http://example.org/${'a'.repeat(8200)}` }), /longer/],
  'more than 100 fields': [head({ more: Array.from({ length: 200 }, () => 'a') }), /100 fields/],
  'no Host': [head({ raw: [] }), /Host is missing/],
  'an empty Host': [head({ raw: ['Host', ''] }), /Host/],
  'two Hosts': [head({ more: host }), /twice/],
  'userinfo in Host': [head({ raw: ['Host', 'a@example.org'] }), /Host/],
  'a path in Host': [head({ raw: ['Host', 'example.org/a'] }), /Host/],
  'a bad Host in HTTP/1.0': [head({ httpVersion: '1.0', raw: ['Host', 'a b'] }), /Host/],
  'a field name with a space': [head({ more: ['Accept ', 'a'] }), /token/],
  'an empty field name': [head({ more: ['', 'a'] }), /token/],
  'a line break in a value': [head({ more: ['Accept', 'a\r\nb: c'] }), /control/],
  'NUL in a value': [head({ more: ['Accept', 'a\0'] }), /control/],
  'Content-Length with a sign': [head({ method: 'POST', more: ['Content-Length', '+5'] }), /number/],
  'Content-Length as a list': [head({ method: 'POST', more: ['Content-Length', '5, 5'] }), /number/],
  'Content-Length of 16 digits': [head({ method: 'POST', more: ['Content-Length', '1'.repeat(16)] }), /number/],
  'two Content-Lengths': [head({ method: 'POST', more: ['Content-Length', '5', 'content-length', '5'] }), /twice/],
  'both framings': [
    head({ method: 'POST', more: ['Content-Length', '5', 'Transfer-Encoding', 'chunked'] }),
    /and Transfer-Encoding/,
  ],
  'a coding before chunked': [head({ method: 'POST', more: ['Transfer-Encoding', 'gzip, chunked'] }), /not chunked/],
  'an empty member before chunked': [head({ method: 'POST', more: ['Transfer-Encoding', ',chunked'] }), /not chunked/],
  'chunked in HTTP/1.0': [
    head({ method: 'POST', httpVersion: '1.0', more: ['Transfer-Encoding', 'chunked'] }),
    /HTTP\/1.0/,
  ],
  'a disguised framing field': [head({ method: 'POST', more: ['Transfer_Encoding', 'chunked'] }), /passes for/],
  'a disguised Content-Length': [head({ method: 'POST', more: ['content_length', '4'] }), /passes for/],
  'two Authorizations': [head({ more: ['Authorization', 'a', 'authorization', 'b'] }), /twice/],
  'two Ranges': [head({ more: ['Range', 'bytes=0-1', 'Range', 'bytes=0-1'] }), /twice/],
  'two Content-Ranges': [
    head({ method: 'PUT', more: ['Content-Range', 'bytes 0-1/2', 'Content-Range', 'bytes 0-1/2'] }),
    /twice/,
  ],
  'GET with a length': [head({ more: ['Content-Length', '5'] }), /GET with content/],
  'TRACE with a length': [head({ method: 'TRACE', more: ['Content-Length', '5'] }), /TRACE with content/],
  'CONNECT with chunked content': [
    head({ method: 'CONNECT', requestTarget: 'example.org:443', more: ['Transfer-Encoding', 'chunked'] }),
    /CONNECT with content/,
  ],
  'HEAD with chunked content': [head({ method: 'HEAD', more: ['Transfer-Encoding', 'chunked'] }), /HEAD with content/],
  ...Object.fromEntries(
    [
      'Host',
      'content-length',
      'Content-Type',
      'Cache-Control',
      'AUTHORIZATION',
      'Cookie',
      'Range',
      'If-None-Match',
    ].map((name): [string, [RequestHead, RegExp]] => [
      `Connection that names ${name}`,
      [head({ more: ['Connection', `close, ${name}`] }), /end-to-end/],
    ]),
  ),
}

describe('Request gate (CORRECTNESS G1)', () => {
  for (const [title, request] of Object.entries(accepted)) {
    test(`lets pass: ${title}`, () => assert.equal(checkRequestHead(request, 'proxy'), undefined))
  }

  for (const [title, [request, reason]] of Object.entries(refused)) {
    test(`refuses: ${title}`, () => assert.match(checkRequestHead(request, 'proxy') ?? '', reason))
  }

  test('inside a tunnel, origin-form, absolute-form and * for OPTIONS pass, and CONNECT does not', () => {
    const inside = (part: Partial<RequestHead>): string | undefined => checkRequestHead(head(part), 'tunnel')
    assert.equal(inside({ requestTarget: '/a?b' }), undefined)
    assert.equal(inside({ requestTarget: 'https://example.org/a' }), undefined)
    assert.equal(inside({ method: 'OPTIONS', requestTarget: '*' }), undefined)
    assert.match(inside({ requestTarget: '*' }) ?? '', /form/)
    assert.match(inside({ requestTarget: 'a' }) ?? '', /form/)
    assert.match(inside({ method: 'CONNECT', requestTarget: 'example.org:443' }) ?? '', /CONNECT/)
  })

  test('100-continue is the only expectation that can be met (RFC 9110 section 10.1.1)', () => {
    assert.equal(expectationFails(new Fields([])), false)
    assert.equal(expectationFails(new Fields(['Expect', '100-Continue'])), false)
    assert.equal(expectationFails(new Fields(['Expect', '200-ok'])), true)
    assert.equal(expectationFails(new Fields(['Expect', '100-continue', 'Expect', '100-continue'])), true)
  })
})
