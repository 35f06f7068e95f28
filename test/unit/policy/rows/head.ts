import type { Talk } from './row.ts'

const stored = (fields: string): string[] => [
  'client: GET /a',
  `origin: 200 · Cache-Control: max-age=60 · ${fields} · body one`,
  'larder: 200 body one (miss, stored)',
]

export const head: readonly Talk[] = [
  {
    rfc: '9111 section 4',
    says: 'A stored response to GET answers HEAD, without its content',
    talk: [...stored('ETag: "1"'), '… 5 s later', 'client: HEAD /a', 'larder: 200 · empty · ETag: "1" · Age: 5 (hit)'],
  },
  {
    rfc: '9111 section 4',
    says: 'A HEAD with a condition is answered from the store',
    talk: [...stored('ETag: "1"'), 'client: HEAD /a · If-None-Match: "1"', 'larder: 304 · empty (hit-not-modified)'],
  },
  {
    rfc: '9111 section 3',
    says: 'A HEAD that finds nothing stored is passed on, and its answer does not serve a GET',
    talk: [
      'client: HEAD /a',
      'origin sees: HEAD /a',
      'origin: 200 · Cache-Control: max-age=60 · Content-Length: 3 · ETag: "1"',
      'larder: 200 · empty · ETag: "1" (miss, not stored: method)',
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · body one',
      'larder: 200 body one (miss, stored)',
    ],
  },
  {
    rfc: '9111 section 4.3.5',
    says: 'A HEAD for a stale response validates it',
    talk: [
      ...stored('ETag: "1"'),
      '… 61 s later',
      'client: HEAD /a',
      'origin sees: HEAD /a · If-None-Match: "1"',
      'origin: 304',
      'larder: 200 · empty · ETag: "1" (revalidated)',
      'client: GET /a',
      'larder: 200 body one (hit)',
    ],
  },
  {
    rfc: '9111 section 4.3.5',
    says: 'A 200 to HEAD with the same validator and length makes the stored response fresh',
    talk: [
      ...stored('ETag: "1" · X-Word: old'),
      '… 61 s later',
      'client: HEAD /a',
      'origin: 200 · Cache-Control: max-age=60 · ETag: "1" · Content-Length: 3 · X-Word: new',
      'larder: 200 · empty · X-Word: new',
      '… 5 s later',
      'client: GET /a',
      'larder: 200 body one · X-Word: new · Age: 5 (hit)',
    ],
  },
  {
    rfc: '9111 section 4.3.5',
    says: 'A 200 to HEAD with another entity tag makes the stored response stale',
    talk: [
      ...stored('ETag: "1"'),
      '… 5 s later',
      'client: HEAD /a · Cache-Control: no-cache',
      'origin: 200 · Cache-Control: max-age=60 · ETag: "2" · Content-Length: 3',
      'larder: 200 · empty · ETag: "2"',
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · ETag: "2" · body two',
      'larder: 200 body two (stored)',
    ].map((line) => line.replace(' (stored)', '')),
  },
  {
    rfc: '9111 section 4.3.5',
    says: 'A 200 to HEAD with another length makes the stored response stale',
    talk: [
      ...stored('Last-Modified: <start - 9 days>'),
      '… 5 s later',
      'client: HEAD /a · Cache-Control: no-cache',
      'origin: 200 · Cache-Control: max-age=60 · Last-Modified: <start - 9 days> · Content-Length: 4',
      'larder: 200 · empty',
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · body four',
      'larder: 200 body four',
    ],
  },
]
