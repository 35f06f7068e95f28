import type { Talk } from './row.ts'

/** A response stored with these fields, asked for `seconds` later by a client that says `wish`. */
const later = (fields: string, seconds: number, wish: string, ...answer: string[]): string[] => [
  'client: GET /a',
  `origin: 200 · ${fields} · ETag: "1" · body one`,
  'larder: 200 body one (miss, stored)',
  `… ${seconds} s later`,
  `client: GET /a${wish === '' ? '' : ` · ${wish}`}`,
  ...answer,
]
const hit = 'larder: 200 body one (hit)'
const validated = ['origin sees: GET /a · If-None-Match: "1"', 'origin: 304', 'larder: 200 body one (revalidated)']

export const requestDirectives: readonly Talk[] = [
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A client’s no-cache has a fresh response validated',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: no-cache', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A client’s no-cache that finds a new response gets and stores it',
    talk: [
      ...later(
        'Cache-Control: max-age=60',
        5,
        'Cache-Control: no-cache',
        'origin: 200 · Cache-Control: max-age=60 · body two',
        'larder: 200 body two (reload, stored)',
      ),
      'client: GET /a',
      'larder: 200 body two (hit)',
    ],
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A client’s no-cache goes on to the origin',
    talk: [
      'client: GET /a · Cache-Control: no-cache',
      'origin sees: GET /a · Cache-Control: no-cache',
      'origin: 200 · Cache-Control: max-age=60 · body one',
      'larder: 200 body one (miss, stored)',
    ],
  },
  {
    rfc: '9111 section 5.4',
    says: 'Pragma: no-cache counts where there is no Cache-Control',
    talk: later('Cache-Control: max-age=60', 5, 'Pragma: no-cache', ...validated),
  },
  {
    rfc: '9111 section 5.4',
    says: 'Pragma has no case and may stand in a list',
    talk: later('Cache-Control: max-age=60', 5, 'Pragma: x, No-Cache', ...validated),
  },
  {
    rfc: '9111 section 5.4',
    says: 'Pragma: no-cache means nothing beside Cache-Control',
    talk: later('Cache-Control: max-age=60', 5, 'Pragma: no-cache · Cache-Control: max-age=100', hit),
  },
  {
    rfc: '9111 section 5.4',
    says: 'Another Pragma means nothing',
    talk: later('Cache-Control: max-age=60', 5, 'Pragma: x-no-cache', hit),
  },
  {
    rfc: '9111 section 5.4',
    says: 'Pragma: no-cache of a response means nothing',
    talk: later('Cache-Control: max-age=60 · Pragma: no-cache', 5, '', hit),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age that is met changes nothing',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: max-age=5', hit),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age that is not met has the response validated',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: max-age=4', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age counts the age that the response came with',
    talk: later('Cache-Control: max-age=60 · Age: 30', 5, 'Cache-Control: max-age=34', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age=0 has even the newest response validated',
    talk: later('Cache-Control: max-age=60', 0, 'Cache-Control: max-age=0', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age that is no number counts as 0',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: max-age=soon', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.1',
    says: 'A client’s max-age makes no stale response fresh',
    talk: later('Cache-Control: max-age=60', 61, 'Cache-Control: max-age=100', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.3',
    says: 'min-fresh that is met changes nothing',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: min-fresh=55', hit),
  },
  {
    rfc: '9111 section 5.2.1.3',
    says: 'min-fresh that is not met has the response validated',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: min-fresh=56', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.2',
    says: 'max-stale accepts a stale response, which is then validated behind the client’s back',
    talk: [
      ...later(
        'Cache-Control: max-age=60',
        70,
        'Cache-Control: max-stale=10',
        'larder: 200 body one · Age: 70 (hit-stale)',
        'origin sees: GET /a · If-None-Match: "1"',
        'origin: 304',
      ),
      'client: GET /a',
      'larder: 200 body one · Age: 0 (hit)',
    ],
  },
  {
    rfc: '9111 section 5.2.1.2',
    says: 'max-stale does not accept what is staler',
    talk: later('Cache-Control: max-age=60', 71, 'Cache-Control: max-stale=10', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.2',
    says: 'max-stale without a number accepts any stale response',
    talk: later(
      'Cache-Control: max-age=60',
      1_000_000,
      'Cache-Control: max-stale',
      'larder: 200 body one · Age: 1000000 (hit-stale)',
      'origin: 304',
    ),
  },
  {
    rfc: '9111 section 5.2.1.2',
    says: 'max-stale beside max-age: an old response is validated',
    talk: later('Cache-Control: max-age=60', 70, 'Cache-Control: max-stale=10, max-age=65', ...validated),
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60'].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `max-stale is not served against ${directive}`,
      talk: later(`Cache-Control: max-age=60, ${directive}`, 61, 'Cache-Control: max-stale', ...validated),
    }),
  ),
  {
    rfc: '9111 section 5.2.2.4',
    says: 'max-stale is not served against no-cache of the response',
    talk: later('Cache-Control: max-age=60, no-cache', 5, 'Cache-Control: max-stale', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached is answered from the store',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: only-if-cached', hit),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached gets a 504 when nothing is stored',
    talk: ['client: GET /a · Cache-Control: only-if-cached', 'larder: 504'],
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached gets a 504 when what is stored is stale',
    talk: later('Cache-Control: max-age=60', 61, 'Cache-Control: only-if-cached', 'larder: 504'),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached beside max-stale gets the stale response, and the origin is left alone',
    talk: later(
      'Cache-Control: max-age=60',
      61,
      'Cache-Control: only-if-cached, max-stale=5',
      'larder: 200 body one (hit-stale)',
    ),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached gets a 504 when another variant is stored',
    talk: [
      'client: GET /a · Accept-Language: de',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Language · body eins',
      'larder: 200 body eins (miss, stored)',
      'client: GET /a · Accept-Language: en · Cache-Control: only-if-cached',
      'larder: 504',
    ],
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A published package is not asked for again because a client says no-cache',
    profile: 'builds',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: no-cache · Pragma: no-cache', hit).map((line) =>
      line.replace('/a', '/pkg/-/pkg-1.0.0.tgz'),
    ),
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A published package is validated when a client says no-cache',
    profile: 'standards',
    talk: later('Cache-Control: max-age=60', 5, 'Cache-Control: no-cache', ...validated).map((line) =>
      line.replace('/a', '/pkg/-/pkg-1.0.0.tgz'),
    ),
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'An archive that was validated within ten seconds is not validated again because a client says no-cache',
    profile: 'builds',
    talk: [
      ...later('Cache-Control: max-age=60', 9, 'Cache-Control: no-cache', hit),
      '… 1 s later',
      'client: GET /a · Cache-Control: no-cache',
      ...validated,
    ].map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
  },
  {
    rfc: '8246 section 2',
    says: 'immutable does not stop a client that asks for validation',
    profile: 'standards',
    talk: later('Cache-Control: max-age=60, immutable', 5, 'Cache-Control: no-cache', ...validated),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached with credentials does not go to the origin',
    talk: ['client: GET /a · Cache-Control: only-if-cached · Authorization: Basic bWU6bWU=', 'larder: 504'],
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached beside no-store does not go to the origin',
    talk: ['client: GET /a · Cache-Control: only-if-cached, no-store', 'larder: 504'],
  },
]
