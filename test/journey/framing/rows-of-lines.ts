import { forwarded, type Place, type Row, refused, request } from './row.ts'

const lines = 'RFC 9112 section 2.2'
const line = 'RFC 9112 section 3'
const syntax = 'RFC 9112 section 5.1'

const withField =
  (...fields: readonly string[]) =>
  (place: Place, path: string): string =>
    request(place, path, { fields })

const withTarget =
  (make: (place: Place, path: string) => string) =>
  (place: Place, path: string): string =>
    request(place, path, { target: make(place, path) })

/** What stands in request lines and between fields. */
export const lineRows: readonly Row[] = [
  refused('bare-lf', 'a head whose lines end in bare LF', lines, (place, path) =>
    request(place, path).replaceAll('\r\n', '\n'),
  ),
  refused('bare-lf-once', 'one field line that ends in a bare LF', lines, (place, path) =>
    request(place, path, { fields: ['X-A: b\nTransfer-Encoding: chunked'] }),
  ),
  refused('bare-cr', 'a bare CR between fields', lines, withField('X-A: b\rX-B: c')),
  refused('bare-lf-end', 'a head that ends in a bare LF', lines, (place, path) =>
    request(place, path).replace(/\r\n$/, '\n'),
  ),
  refused('obs-fold', 'a folded field line', 'RFC 9112 section 5.2', withField('X-A: b', ' c')),
  refused(
    'obs-fold-te',
    'a folded Transfer-Encoding',
    'RFC 9112 section 5.2',
    withField('Transfer-Encoding:', ' chunked'),
  ),
  refused(
    'first-line-space',
    'white space before the first field',
    'RFC 9112 section 2.2',
    (place, path) => `GET ${place.target(path)} HTTP/1.1\r\n X-A: b\r\nHost: ${place.host}\r\n\r\n`,
  ),
  refused('nul-value', 'a NUL in a field', 'RFC 9110 section 5.5', withField('X-A: a\0b')),
  refused('nul-name', 'a NUL in a field name', syntax, withField('X\0A: b')),
  refused('control-value', 'a control character in a field', 'RFC 9110 section 5.5', withField('X-A: a\x01b')),
  refused('space-colon', 'a space before the colon', syntax, withField('Content-Length : 5')),
  refused('tab-colon', 'a tab before the colon', syntax, withField('Transfer-Encoding\t: chunked')),
  refused('no-colon', 'a field line without colon', syntax, withField('X-A')),
  refused('empty-name', 'a field without name', syntax, withField(': x')),
  refused('name-bytes', 'a field name beyond ASCII', syntax, withField('Tr\xe4nsfer-Encoding: chunked')),
  refused('name-parens', 'a field name with a delimiter', syntax, withField('X(A): b')),
  refused(
    'underscore-te',
    'Transfer_Encoding, which some servers take for the real one,',
    'CORRECTNESS G1',
    withField('Transfer_Encoding: chunked'),
  ),
  refused(
    'underscore-cl',
    'Content_Length, which some servers take for the real one,',
    'CORRECTNESS G1',
    withField('Content_Length: 5'),
  ),
  refused('version-0-9', 'HTTP/0.9 with its version', line, (place, path) =>
    request(place, path, { version: 'HTTP/0.9' }),
  ),
  refused(
    'simple-request',
    'the simple request of HTTP/0.9',
    line,
    (place, path) => `GET ${place.target(path)}\r\n\r\n`,
  ),
  refused('version-2', 'HTTP/2.0 in a request line', line, (place, path) =>
    request(place, path, { version: 'HTTP/2.0' }),
  ),
  refused('version-1-2', 'HTTP/1.2', line, (place, path) => request(place, path, { version: 'HTTP/1.2' })),
  refused('version-lower', 'a version in lower case', line, (place, path) =>
    request(place, path, { version: 'http/1.1' }),
  ),
  refused('version-long', 'HTTP/1.1 with a digit more', line, (place, path) =>
    request(place, path, { version: 'HTTP/1.10' }),
  ),
  refused('preface', 'the preface of HTTP/2', 'RFC 9113 section 3.4', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused('method-lower', 'a method in lower case behind the first letter', 'RFC 9110 section 9.1', (place, path) =>
    request(place, path, { method: 'GeT' }),
  ),
  refused('method-delimiter', 'a method that is no token', 'RFC 9110 section 9.1', (place, path) =>
    request(place, path, { method: 'G(T' }),
  ),
  forwarded(
    'two-spaces',
    'a second space in the request line belongs to nothing',
    line,
    withTarget((place, path) => ` ${place.target(path)}`),
  ),
  refused(
    'space-in-target',
    'a space in the target',
    'RFC 9112 section 3.2',
    withTarget((place, path) => `${place.target(path)} HTTP/1.1 x`),
  ),
  refused(
    'tab-in-line',
    'a tab in the request line',
    line,
    withTarget((place, path) => `${place.target(path)}\t`),
  ),
  refused(
    'cr-in-target',
    'a CR in the target',
    lines,
    withTarget((place, path) => `${place.target(path)}\rx`),
  ),
  refused(
    'nul-in-target',
    'a NUL in the target',
    'RFC 9112 section 3.2',
    withTarget((place, path) => `${place.target(path)}\0`),
  ),
  refused(
    'bytes-in-target',
    'bytes beyond ASCII in the target',
    'RFC 9112 section 3.2',
    withTarget((place, path) => `${place.target(path)}\xff`),
  ),
  refused(
    'fragment',
    'a fragment in the target',
    'RFC 9110 section 7.1',
    withTarget((place, path) => `${place.target(path)}#x`),
  ),
  refused(
    'target-8k',
    'a target above 8 KB',
    'RFC 9112 section 3',
    withTarget((place, path) => `${place.target(path)}${'a'.repeat(8200)}`),
  ),
  refused('head-16k', 'a head above 16 KB', 'RFC 9110 section 5.4', withField(`X-A: ${'a'.repeat(17_000)}`), {
    status: 431,
  }),
  refused(
    'fields-100',
    'a head of more than 100 fields',
    'RFC 9110 section 5.4',
    withField(...Array.from({ length: 101 }, (_, i) => `X-${i}: a`)),
  ),
  forwarded(
    'empty-lines',
    'empty lines before a request line are skipped',
    lines,
    (place, path) => `\r\n\r\n${request(place, path)}`,
  ),
  forwarded('no-space-value', 'a field without white space is the same field', syntax, withField('X-A:b')),
]
