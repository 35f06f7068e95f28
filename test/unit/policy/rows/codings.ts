import type { Talk } from './row.ts'

const gzip = 'Cache-Control: max-age=60 · Content-Encoding: gzip · Vary: Accept-Encoding'

export const codings: readonly Talk[] = [
  {
    rfc: '9110 section 12.5.3',
    says: 'Coded content is not given to a client that did not ask for it',
    talk: [
      'client: GET /a · Accept-Encoding: gzip',
      `origin: 200 · ${gzip} · body zipped`,
      'larder: 200 body zipped · Content-Encoding: gzip (miss, stored)',
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Encoding · body plain',
      'larder: 200 body plain · no Content-Encoding (miss-variant, stored)',
      'client: GET /a · Accept-Encoding: gzip',
      'larder: 200 body zipped · Content-Encoding: gzip (hit)',
      'client: GET /a',
      'larder: 200 body plain · no Content-Encoding (hit)',
    ],
  },
  {
    rfc: '9110 section 12.5.3',
    says: 'Coded content is not given to a client that did not ask for it, even if its origin forgot Vary',
    talk: [
      'client: GET /a · Accept-Encoding: gzip',
      'origin: 200 · Cache-Control: max-age=60 · Content-Encoding: gzip · body zipped',
      'larder: 200 body zipped · Content-Encoding: gzip (miss, stored)',
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · body plain',
      'larder: 200 body plain · no Content-Encoding',
    ],
  },
  {
    rfc: '9110 section 12.5.3',
    says: 'A client that refuses a coding does not get it',
    talk: [
      'client: GET /a · Accept-Encoding: gzip',
      `origin: 200 · ${gzip} · body zipped`,
      'larder: 200 body zipped (miss, stored)',
      'client: GET /a · Accept-Encoding: gzip;q=0',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Encoding · body plain',
      'larder: 200 body plain · no Content-Encoding',
    ],
  },
  {
    rfc: '9110 section 12.5.3',
    says: 'Content without a coding is given to all',
    talk: [
      'client: GET /a · Accept-Encoding: gzip, br',
      'origin: 200 · Cache-Control: max-age=60 · body plain',
      'larder: 200 body plain (miss, stored)',
      'client: GET /a',
      'larder: 200 body plain (hit)',
      'client: GET /a · Accept-Encoding: zstd',
      'larder: 200 body plain (hit)',
    ],
  },
  {
    rfc: '9110 section 12.5.3',
    says: 'An archive is asked for without coding, so that all clients share it',
    profile: 'builds',
    talk: [
      'client: GET /tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      'origin sees: GET /tool-1.2.3.tar.gz · Accept-Encoding: identity',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Encoding · body plain',
      'larder: 200 body plain (miss, stored)',
      'client: GET /tool-1.2.3.tar.gz',
      'larder: 200 body plain (hit)',
      'client: GET /tool-1.2.3.tar.gz · Accept-Encoding: zstd',
      'larder: 200 body plain (hit)',
    ],
  },
  {
    rfc: '9110 section 12.5.3',
    says: 'An archive is asked for as its client asks',
    profile: 'standards',
    talk: [
      'client: GET /tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      'origin sees: GET /tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Encoding · body plain',
      'larder: 200 body plain (miss, stored)',
    ],
  },
]
