import { forwarded, type Place, type Row, refused, request } from './row.ts'

const sevenOne = 'RFC 9112 section 7.1'
const extensions = 'RFC 9112 section 7.1.1'
const trailers = 'RFC 9112 section 7.1.2'

/** A chunked POST with this content on the wire; behind it hides a request. */
const chunks =
  (wire: string, hidden = true) =>
  (place: Place, path: string): string =>
    request(place, path, {
      method: 'POST',
      fields: ['Transfer-Encoding: chunked'],
      body: wire + (hidden ? request(place, '/hidden') : ''),
    })

const hello = { method: 'POST', body: 'hello' }

/** What stands where a chunk should. */
export const chunkRows: readonly Row[] = [
  refused('chunk-0x', 'a chunk size with 0x', sevenOne, chunks('0x5\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-minus', 'a negative chunk size', sevenOne, chunks('-5\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-plus', 'a chunk size with a sign', sevenOne, chunks('+5\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-underscore', 'a chunk size with an underscore', sevenOne, chunks('0_5\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-letters', 'a chunk size that is no number', sevenOne, chunks('zz\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-empty', 'an empty chunk size', sevenOne, chunks('\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-leading-space', 'a space before a chunk size', sevenOne, chunks(' 5\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-trailing-space', 'a space behind a chunk size', sevenOne, chunks('5 \r\nhello\r\n0\r\n\r\n')),
  refused('chunk-overflow', 'a chunk size beyond 64 bits', sevenOne, chunks('10000000000000005\r\nhello\r\n0\r\n\r\n')),
  refused(
    'chunk-bare-lf',
    'a chunk size that ends in a bare LF',
    'RFC 9112 section 2.2',
    chunks('5\nhello\r\n0\r\n\r\n'),
  ),
  refused(
    'chunk-bare-cr',
    'a chunk size that ends in a bare CR',
    'RFC 9112 section 2.2',
    chunks('5\rhello\r\n0\r\n\r\n'),
  ),
  refused('chunk-data-lf', 'a chunk that ends in a bare LF', sevenOne, chunks('5\r\nhello\n0\r\n\r\n')),
  refused('chunk-long', 'a chunk longer than its size', sevenOne, chunks('5\r\nhello!\r\n0\r\n\r\n')),
  refused('chunk-short', 'a chunk shorter than its size', sevenOne, chunks('6\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-no-end', 'a chunk without its line end', sevenOne, chunks('5\r\nhello0\r\n\r\n')),
  refused('chunk-ext-lf', 'a bare LF in a chunk extension', extensions, chunks('5;a\nhello\r\n0\r\n\r\n')),
  refused('chunk-ext-cr', 'a bare CR in a chunk extension', extensions, chunks('5;a\rb\r\nhello\r\n0\r\n\r\n')),
  refused('chunk-ext-nul', 'a NUL in a chunk extension', extensions, chunks('5;a\0\r\nhello\r\n0\r\n\r\n')),
  refused(
    'chunk-ext-huge',
    '17 KB of chunk extension',
    extensions,
    chunks(`5;${'a'.repeat(17_000)}\r\nhello\r\n0\r\n\r\n`),
  ),
  refused(
    'trailer-cl',
    'Content-Length in a trailer section',
    'RFC 9110 section 6.5.1',
    chunks('5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n'),
  ),
  refused('trailer-bare-lf', 'a trailer that ends in a bare LF', trailers, chunks('5\r\nhello\r\n0\r\nX-A: b\n\r\n')),
  refused('trailer-fold', 'a folded trailer', 'RFC 9112 section 5.2', chunks('5\r\nhello\r\n0\r\n X-A: b\r\n\r\n')),
  refused('last-chunk-lf', 'a last chunk that ends in a bare LF', sevenOne, chunks('5\r\nhello\r\n0\n\r\n')),
  refused('terminator-bare-lf', 'an end of the content that is a bare LF', sevenOne, chunks('5\r\nhello\r\n0\r\n\n')),
  forwarded(
    'chunk-zeros',
    'a chunk size with leading zeros is written anew',
    sevenOne,
    chunks('0005\r\nhello\r\n00\r\n\r\n', false),
    hello,
  ),
  forwarded(
    'chunk-many',
    'many chunks are one content',
    sevenOne,
    chunks('1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n', false),
    hello,
  ),
  forwarded(
    'chunk-ext',
    'a chunk extension is dropped',
    extensions,
    chunks('5;name="a;b"\r\nhello\r\n0\r\n\r\n', false),
    hello,
  ),
  forwarded(
    'chunk-hex',
    'a chunk size in capitals is the same number',
    sevenOne,
    chunks('A\r\nhellohello\r\n0\r\n\r\n', false),
    { method: 'POST', body: 'hellohello' },
  ),
  forwarded(
    'trailer',
    'a trailer is dropped, as its meaning here is unknown',
    'RFC 9110 section 6.5.2',
    chunks('5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n', false),
    hello,
  ),
]
