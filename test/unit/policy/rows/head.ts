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
]
