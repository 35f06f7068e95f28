import { forwarded, type Place, type Row, refused, request } from './row.ts'

const chunked = 'Transfer-Encoding: chunked'

/** A POST with these framing fields, behind which a second request hides. */
const hiding =
  (fields: readonly string[], body = '0\r\n\r\n') =>
  (place: Place, path: string): string =>
    request(place, path, { method: 'POST', fields, body: body + request(place, '/hidden') })

/** A POST that is framed one way only. */
const posting =
  (fields: readonly string[], body: string) =>
  (place: Place, path: string): string =>
    request(place, path, { method: 'POST', fields, body })

const both = 'RFC 9112 section 6.3 item 3'
const lengths = 'RFC 9112 section 6.3 item 5'
const codings = 'RFC 9112 section 6.1'
const lists = 'RFC 9112 section 6.3 item 4'
const sevenOne = 'RFC 9112 section 7.1'

/** Content-Length against Transfer-Encoding, in every shape. */
export const lengthRows: readonly Row[] = [
  refused('cl-te', 'Content-Length before Transfer-Encoding (CL.TE)', both, hiding(['Content-Length: 5', chunked])),
  refused('te-cl', 'Transfer-Encoding before Content-Length (TE.CL)', both, hiding([chunked, 'Content-Length: 5'])),
  refused('cl-zero-te', 'Content-Length of zero with Transfer-Encoding', both, hiding(['Content-Length: 0', chunked])),
  refused(
    'cl-te-lower',
    'both framings in lower case',
    both,
    hiding(['content-length: 5', 'transfer-encoding: chunked']),
  ),
  refused(
    'cl-twice-differing',
    'two Content-Lengths that differ',
    lengths,
    hiding(['Content-Length: 5', 'Content-Length: 0']),
  ),
  refused(
    'cl-twice-same',
    'two Content-Lengths that agree',
    lengths,
    hiding(['Content-Length: 5', 'Content-Length: 5']),
  ),
  refused('cl-list', 'Content-Length as a list', lengths, hiding(['Content-Length: 5, 5'])),
  refused('cl-plus', 'Content-Length with a plus sign', 'RFC 9110 section 8.6', hiding(['Content-Length: +5'])),
  refused('cl-minus', 'a negative Content-Length', 'RFC 9110 section 8.6', hiding(['Content-Length: -5'])),
  refused('cl-hex', 'Content-Length in hexadecimal', 'RFC 9110 section 8.6', hiding(['Content-Length: 0x5'])),
  refused(
    'cl-inner-space',
    'Content-Length with a space inside',
    'RFC 9110 section 8.6',
    hiding(['Content-Length: 5 0']),
  ),
  refused('cl-empty', 'an empty Content-Length', 'RFC 9110 section 8.6', hiding(['Content-Length:'])),
  refused(
    'cl-huge',
    'Content-Length beyond 64 bits',
    'RFC 9110 section 8.6',
    hiding(['Content-Length: 18446744073709551621']),
  ),
  refused('cl-point', 'Content-Length with a fraction', 'RFC 9110 section 8.6', hiding(['Content-Length: 5.0'])),
  refused('cl-on-get', 'GET with content', 'RFC 9110 section 9.3.1', (place, path) =>
    request(place, path, { fields: ['Content-Length: 3'], body: 'abc' }),
  ),
  refused('te-on-get', 'GET with chunked content', 'RFC 9110 section 9.3.1', (place, path) =>
    request(place, path, { fields: [chunked], body: `0\r\n\r\n${request(place, '/hidden')}` }),
  ),
  refused('te-on-head', 'HEAD with chunked content', 'RFC 9110 section 9.3.2', (place, path) =>
    request(place, path, { method: 'HEAD', fields: [chunked], body: '0\r\n\r\n' }),
  ),
  refused('cl-on-trace', 'TRACE with content', 'RFC 9110 section 9.3.8', (place, path) =>
    request(place, path, { method: 'TRACE', fields: ['Content-Length: 3'], body: 'abc' }),
  ),
  refused('te-gzip-chunked', 'a coding before chunked', codings, hiding(['Transfer-Encoding: gzip, chunked'])),
  refused('te-chunked-gzip', 'a coding after chunked', lists, hiding(['Transfer-Encoding: chunked, gzip'])),
  refused('te-chunked-twice', 'chunked applied twice', codings, hiding(['Transfer-Encoding: chunked, chunked'])),
  refused(
    'te-two-fields',
    'Transfer-Encoding in two fields',
    codings,
    hiding([chunked, 'Transfer-Encoding: identity']),
  ),
  refused('te-identity', 'the coding identity, which is no more', lists, hiding(['Transfer-Encoding: identity'], '')),
  refused('te-unknown', 'an unknown coding', codings, hiding(['Transfer-Encoding: xchunked'], '')),
  refused('te-empty', 'an empty Transfer-Encoding', codings, hiding(['Transfer-Encoding:'], '')),
  refused('te-comma', 'an empty member before chunked', codings, hiding(['Transfer-Encoding: ,chunked'])),
  refused('te-quoted', 'chunked in quotes', codings, hiding(['Transfer-Encoding: "chunked"'])),
  refused('te-parameter', 'chunked with a parameter', sevenOne, hiding(['Transfer-Encoding: chunked;q=1'])),
  refused(
    'te-vertical-tab',
    'chunked behind a vertical tab',
    'RFC 9110 section 5.5',
    hiding(['Transfer-Encoding: \x0bchunked']),
  ),
  refused('te-nul', 'chunked before a NUL', 'RFC 9110 section 5.5', hiding(['Transfer-Encoding: chunked\0'])),
  refused('te-1-0', 'Transfer-Encoding in HTTP/1.0', codings, (place, path) =>
    request(place, path, { method: 'POST', version: 'HTTP/1.0', fields: [chunked], body: '0\r\n\r\n' }),
  ),
  refused('te-1-0-keep-alive', 'Transfer-Encoding in HTTP/1.0 that stays open', codings, (place, path) =>
    request(place, path, {
      method: 'POST',
      version: 'HTTP/1.0',
      fields: [chunked, 'Connection: keep-alive'],
      body: `0\r\n\r\n${request(place, '/hidden')}`,
    }),
  ),
  forwarded(
    'cl-zeros',
    'Content-Length with leading zeros is written anew',
    'RFC 9110 section 8.6',
    posting(['Content-Length: 0005'], 'hello'),
    { method: 'POST', body: 'hello' },
  ),
  forwarded(
    'cl-tabs',
    'Content-Length between tabs is one number',
    'RFC 9110 section 5.5',
    posting(['Content-Length:\t5\t'], 'hello'),
    { method: 'POST', body: 'hello' },
  ),
  forwarded(
    'te-case',
    'CHUNKED in capitals is chunked',
    'RFC 9112 section 7',
    posting(['Transfer-Encoding: CHUNKED'], '5\r\nhello\r\n0\r\n\r\n'),
    { method: 'POST', body: 'hello' },
  ),
  forwarded(
    'cl-zero-on-get',
    'GET with a length of zero is a GET without content',
    'RFC 9110 section 9.3.1',
    (place, path) => request(place, path, { fields: ['Content-Length: 0'] }),
  ),
]
