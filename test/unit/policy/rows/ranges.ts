import type { Talk } from './row.ts'

/** Ten bytes, stored and fresh. */
const whole = (fields = 'ETag: "1"'): string[] => [
  'client: GET /a',
  `origin: 200 · Cache-Control: max-age=3600 · ${fields} · body 0123456789`,
  'larder: 200 body 0123456789 (miss, stored)',
]

/** Asked of ten stored bytes, a Range is answered so. */
const asked = (range: string, answer: string): string[] => [
  `client: GET /a · Range: ${range}`,
  `larder: ${answer} (hit)`,
]

export const ranges: readonly Talk[] = [
  {
    rfc: '9110 section 14.1.2',
    says: 'A range of a stored response: from the first byte to the last, both included',
    talk: [
      ...whole(),
      ...asked('bytes=2-4', '206 body 234 · Content-Range: bytes 2-4/10 · ETag: "1"'),
      ...asked('bytes=0-0', '206 body 0 · Content-Range: bytes 0-0/10'),
      ...asked('bytes=9-9', '206 body 9 · Content-Range: bytes 9-9/10'),
      ...asked('bytes=0-9', '206 body 0123456789 · Content-Range: bytes 0-9/10'),
    ],
  },
  {
    rfc: '9110 section 14.1.2',
    says: 'A range without a last byte, or with one behind the end, goes to the end',
    talk: [
      ...whole(),
      ...asked('bytes=7-', '206 body 789 · Content-Range: bytes 7-9/10'),
      ...asked('bytes=7-10', '206 body 789 · Content-Range: bytes 7-9/10'),
      ...asked('bytes=7-99999999999999999999999', '206 body 789 · Content-Range: bytes 7-9/10'),
    ],
  },
  {
    rfc: '9110 section 14.1.2',
    says: 'A suffix is the last bytes, or all where there are fewer',
    talk: [
      ...whole(),
      ...asked('bytes=-1', '206 body 9 · Content-Range: bytes 9-9/10'),
      ...asked('bytes=-11', '206 body 0123456789 · Content-Range: bytes 0-9/10'),
      ...asked('bytes=-99999999999999999999999', '206 body 0123456789 · Content-Range: bytes 0-9/10'),
    ],
  },
  {
    rfc: '9110 section 15.5.17',
    says: 'A range that begins behind the end is refused with the length',
    talk: [
      ...whole(),
      ...asked('bytes=10-', '416 · empty · Content-Range: bytes */10'),
      ...asked('bytes=10-12', '416 · empty · Content-Range: bytes */10 · no Content-Type'),
      ...asked('bytes=-0', '416 · empty · Content-Range: bytes */10'),
      ...asked('bytes=99999999999999999999999-', '416 · empty · Content-Range: bytes */10'),
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'Another unit, several ranges and what is no range are ignored',
    talk: [
      ...whole(),
      ...asked('lines=1-2', '200 body 0123456789 · no Content-Range'),
      ...asked('bytes=1-2, 4-5', '200 body 0123456789 · no Content-Range'),
      ...asked('bytes=4-2', '200 body 0123456789 · no Content-Range'),
      ...asked('bytes=-', '200 body 0123456789 · no Content-Range'),
      ...asked('bytes 1-2', '200 body 0123456789 · no Content-Range'),
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'Of an empty representation every first byte is behind the end, and a suffix is the whole',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=3600 · empty',
      'larder: 200 · empty (miss, stored)',
      ...asked('bytes=0-', '416 · empty · Content-Range: bytes */0'),
      ...asked('bytes=-5', '200 · empty · no Content-Range'),
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'With HEAD a Range is ignored',
    talk: [
      ...whole(),
      'client: HEAD /a · Range: bytes=2-4',
      'larder: 200 · no Content-Range (hit)',
      'client: HEAD /a · Range: bytes=10-',
      'larder: 200 · no Content-Range (hit)',
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'A Range is for a success only',
    talk: [
      'client: GET /a',
      'origin: 404 · Cache-Control: max-age=30 · body no such thing',
      'larder: 404 body no such thing (miss, stored)',
      'client: GET /a · Range: bytes=0-1',
      'larder: 404 body no such thing · no Content-Range (hit-negative)',
    ],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'If-Range with the strong tag of what is stored gets the range',
    talk: [...whole(), 'client: GET /a · Range: bytes=2-4 · If-Range: "1"', 'larder: 206 body 234 (hit)'],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'If-Range that does not hold gets the whole, also where the range is beyond the end',
    talk: [
      ...whole(),
      'client: GET /a · Range: bytes=2-4 · If-Range: "2"',
      'larder: 200 body 0123456789 · no Content-Range (hit)',
      'client: GET /a · Range: bytes=10- · If-Range: "2"',
      'larder: 200 body 0123456789 (hit)',
      'client: GET /a · Range: bytes=2-4 · If-Range: W/"1"',
      'larder: 200 body 0123456789 (hit)',
    ],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'A weak tag never matches in If-Range',
    talk: [
      ...whole('ETag: W/"1"'),
      'client: GET /a · Range: bytes=2-4 · If-Range: W/"1"',
      'larder: 200 body 0123456789 (hit)',
      'client: GET /a · Range: bytes=2-4',
      'larder: 206 body 234 (hit)',
    ],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'A date in If-Range must be Last-Modified itself, not later',
    talk: [
      ...whole('Last-Modified: <start - 9 days>'),
      'client: GET /a · Range: bytes=2-4 · If-Range: <start - 9 days>',
      'larder: 206 body 234 (hit)',
      'client: GET /a · Range: bytes=2-4 · If-Range: <start - 8 days>',
      'larder: 200 body 0123456789 (hit)',
    ],
  },
  {
    rfc: '9110 section 8.8.2.2',
    says: 'A date is a strong validator only where Date is well behind it',
    talk: [
      ...whole('Last-Modified: <start - 59 s>'),
      'client: GET /a · Range: bytes=2-4 · If-Range: <start - 59 s>',
      'larder: 200 body 0123456789 (hit)',
    ],
  },
  {
    rfc: '9110 section 13.2.2',
    says: 'Other conditions come before the range',
    talk: [
      ...whole(),
      'client: GET /a · Range: bytes=2-4 · If-None-Match: "1"',
      'larder: 304 · ETag: "1" · no Content-Range (hit-not-modified)',
      'client: GET /a · Range: bytes=10- · If-None-Match: "1"',
      'larder: 304 (hit-not-modified)',
      'client: GET /a · Range: bytes=2-4 · If-Match: "2"',
      'larder: 412 · empty · no Content-Range (hit)',
      'client: GET /a · Range: bytes=2-4 · If-Match: "1" · If-None-Match: "2" · If-Range: "1"',
      'larder: 206 body 234 (hit)',
    ],
  },
  {
    rfc: '9530 section 2',
    says: 'A digest of the content is not given with a part of it; that of the representation is',
    talk: [
      ...whole('Content-Digest: sha-256=:AAAA: · Repr-Digest: sha-256=:AAAA: · Content-MD5: AAAA'),
      ...asked('bytes=2-4', '206 body 234 · no Content-Digest · no Content-MD5 · Repr-Digest: sha-256=:AAAA:'),
      'client: GET /a',
      'larder: 200 body 0123456789 · Content-Digest: sha-256=:AAAA: (hit)',
    ],
  },
]
