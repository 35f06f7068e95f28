import type { Talk } from './row.ts'

/** Fresh for `seconds`, and no longer. */
const freshFor = (fields: string, seconds: number): string[] => [
  'client: GET /a',
  `origin: 200 · ${fields} · ETag: "1" · body one`,
  'larder: 200 body one (miss, stored)',
  `… ${seconds - 1} s later`,
  'client: GET /a',
  'larder: 200 body one (hit)',
  '… 1 s later',
  'client: GET /a',
  'origin sees: GET /a · If-None-Match: "1"',
  'origin: 304',
  'larder: 200 body one (revalidated)',
]

/** Never used without validation. */
const stale = (fields: string): string[] => [
  'client: GET /a',
  `origin: 200 · ${fields} · ETag: "1" · body one`,
  'larder: 200 body one (miss, stored)',
  'client: GET /a',
  'origin sees: GET /a · If-None-Match: "1"',
  'origin: 304',
  'larder: 200 body one (revalidated)',
]

const day = 86_400

export const freshness: readonly Talk[] = [
  { rfc: '9111 section 4.2.1', says: 'max-age is a lifetime', talk: freshFor('Cache-Control: max-age=60', 60) },
  {
    rfc: '9111 section 4.2.1',
    says: 's-maxage comes before max-age',
    talk: freshFor('Cache-Control: max-age=60, s-maxage=20', 20),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 's-maxage comes before max-age when it is longer as well',
    talk: freshFor('Cache-Control: s-maxage=100, max-age=0', 100),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'max-age comes before Expires',
    talk: freshFor('Cache-Control: max-age=60 · Expires: <in 5 s>', 60),
  },
  {
    rfc: '9111 section 5.3',
    says: 'max-age comes before an Expires that is long past',
    talk: freshFor('Cache-Control: max-age=60 · Expires: 0', 60),
  },
  { rfc: '9111 section 4.2.1', says: 'Expires less Date is a lifetime', talk: freshFor('Expires: <in 60 s>', 60) },
  {
    rfc: '9111 section 4.2.1',
    says: 'The lifetime of Expires is counted from Date, not from the clock here',
    talk: freshFor('Date: <in 1 h> · Expires: <in 3660 s>', 60),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'Without Date, Expires is counted from the time of receipt',
    talk: freshFor('no Date · Expires: <in 60 s>', 60),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A Date that is none counts as missing',
    talk: freshFor('Date: today · Expires: <in 60 s>', 60),
  },
  { rfc: '9111 section 5.3', says: 'Expires: 0 is past', talk: stale('Expires: 0') },
  { rfc: '9111 section 5.3', says: 'Expires: -1 is past', talk: stale('Expires: -1') },
  { rfc: '9111 section 5.3', says: 'Expires equal to Date is past', talk: stale('Expires: <now>') },
  { rfc: '9111 section 5.3', says: 'Expires before Date is past', talk: stale('Expires: <60 s ago>') },
  { rfc: '9111 section 5.3', says: 'An Expires that is no date is past', talk: stale('Expires: tomorrow') },
  {
    rfc: '9111 section 5.3',
    says: 'An Expires in another zone than GMT is past',
    talk: stale('Expires: Fri, 02 Jan 2026 04:04:05 UTC'),
  },
  {
    rfc: '9111 section 5.3',
    says: 'An Expires with a numeric zone is past',
    talk: stale('Expires: Fri, 02 Jan 2026 04:04:05 -0000'),
  },
  {
    rfc: '9111 section 5.3',
    says: 'An Expires without a zone is past',
    talk: stale('Expires: Fri, 02 Jan 2026 04:04:05'),
  },
  {
    rfc: '9111 section 5.3',
    says: 'An Expires with a four-digit year in the form of RFC 850 is past',
    talk: stale('Expires: Friday, 02-Jan-2026 04:04:05 GMT'),
  },
  {
    rfc: '9110 section 5.6.7',
    says: 'Expires may have the form of RFC 850',
    talk: freshFor('Expires: Friday, 02-Jan-26 03:05:05 GMT', 60),
  },
  {
    rfc: '9110 section 5.6.7',
    says: 'Expires may have the form of asctime',
    talk: freshFor('Expires: Fri Jan  2 03:05:05 2026', 60),
  },
  {
    rfc: '9111 section 5.3',
    says: 'Two Expires are no date, so they are past',
    talk: stale('Expires: <in 60 s> · Expires: <in 90 s>'),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A max-age that stands there twice, differing, is past',
    talk: stale('Cache-Control: max-age=10, max-age=20'),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A max-age that stands there twice, the same, counts once',
    talk: freshFor('Cache-Control: max-age=60 · Cache-Control: max-age=60', 60),
  },
  ...[
    'max-age',
    'max-age=',
    'max-age=x',
    'max-age=-1',
    'max-age=1.5',
    'max-age=1e3',
    'max-age=0x10',
    'max-age=60s',
  ].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.1',
      says: `A lifetime that is no number is past: ${directive}`,
      talk: stale(`Cache-Control: ${directive} · Expires: <in 60 s>`),
    }),
  ),
  {
    rfc: '9111 section 4.2.1',
    says: 's-maxage without a number is past, whatever max-age says',
    talk: stale('Cache-Control: s-maxage, max-age=60'),
  },
  {
    rfc: '9111 section 5.2',
    says: 'A number in quotes is a number',
    talk: freshFor('Cache-Control: max-age="60"', 60),
  },
  {
    rfc: '9111 section 5.2',
    says: 'The names of directives have no case',
    talk: freshFor('Cache-Control: Max-AGE=60', 60),
  },
  {
    rfc: '9111 section 5.2',
    says: 'A directive inside a quoted string is none',
    talk: freshFor('Cache-Control: ext="no-store, max-age=5", max-age=60', 60),
  },
  {
    rfc: '9111 section 1.2.2',
    says: 'A lifetime beyond all numbers counts as 2^31 seconds',
    talk: freshFor('Cache-Control: max-age=99999999999999999999', 2 ** 31),
  },
  {
    rfc: '9111 section 5.2',
    says: 'Leading zeros of a number mean nothing',
    talk: freshFor('Cache-Control: max-age=0060', 60),
  },
  {
    rfc: '9111 section 5.2',
    says: 'Empty members of Cache-Control mean nothing',
    talk: freshFor('Cache-Control: , , max-age=60 ,', 60),
  },
  {
    rfc: '9111 section 4.2',
    says: 'Freshness ends with the age that the response had when it came',
    talk: freshFor('Cache-Control: max-age=60 · Age: 40', 20),
  },
  {
    rfc: '9213 section 3.1',
    says: 'CDN-Cache-Control is for others than a proxy of clients: it is passed on and ignored',
    talk: [
      'client: GET /a',
      'origin: 200 · CDN-Cache-Control: max-age=600 · Cache-Control: max-age=60 · ETag: "1" · body one',
      'larder: 200 body one · CDN-Cache-Control: max-age=600 (miss, stored)',
      '… 60 s later',
      'client: GET /a',
      'origin: 304',
      'larder: 200 body one · CDN-Cache-Control: max-age=600 (revalidated)',
    ],
  },
  {
    rfc: '9213 section 3.1',
    says: 'no-store in CDN-Cache-Control concerns no proxy of clients',
    talk: freshFor('CDN-Cache-Control: no-store · Cache-Control: max-age=60', 60),
  },
  {
    rfc: '9213 section 2.1',
    says: 'A targeted field does not lift no-store of Cache-Control',
    talk: [
      'client: GET /a',
      'origin: 200 · CDN-Cache-Control: max-age=600 · Cache-Control: no-store · body one',
      'larder: 200 body one (miss, not stored: no-store)',
    ],
  },
  {
    rfc: '9111 section 5.2.2.9',
    says: 'public alone is no lifetime',
    talk: stale('Cache-Control: public'),
  },
  { rfc: '8246 section 2', says: 'immutable alone is no lifetime', talk: stale('Cache-Control: immutable') },
  {
    rfc: '8246 section 2',
    says: 'immutable changes nothing once the lifetime is over',
    talk: freshFor('Cache-Control: max-age=60, immutable', 60),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'Without a lifetime a tenth of the time since the last change is one',
    talk: freshFor('Last-Modified: <1000 s ago>', 100),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'A heuristic lifetime is never more than a day',
    talk: freshFor('Last-Modified: <1000 days ago>', day),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'A change in the future is no lifetime',
    talk: stale('Last-Modified: <in 1000 s>'),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'A Last-Modified that is no date is no lifetime',
    talk: stale('Last-Modified: long ago'),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'Heuristics are silent where the origin spoke',
    talk: stale('Last-Modified: <1000 days ago> · Expires: 0'),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'Heuristics are silent where max-age=0 stands',
    talk: stale('Last-Modified: <1000 days ago> · Cache-Control: max-age=0'),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'Heuristics count from Date',
    talk: freshFor('Date: <in 500 s> · Last-Modified: <500 s ago>', 100),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'What is known of a versioned archive is a day without asking',
    profile: 'builds',
    talk: freshFor('Content-Type: application/gzip', day).map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'Nothing is known of a versioned archive',
    profile: 'standards',
    talk: stale('Content-Type: application/gzip').map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A versioned archive has the lifetime that the origin gives it',
    talk: freshFor('Cache-Control: max-age=30', 30).map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A published package is fresh for ever, whatever lifetime the registry gives it',
    profile: 'builds',
    talk: [
      'client: GET /pkg/-/pkg-1.0.0.tgz',
      'origin: 200 · Cache-Control: max-age=30 · ETag: "1" · body one',
      'larder: 200 body one (miss, stored)',
      '… 1000 days later',
      'client: GET /pkg/-/pkg-1.0.0.tgz',
      'larder: 200 body one (hit)',
    ],
  },
  {
    rfc: '9111 section 4.2.1',
    says: 'A published package is as fresh as the registry says',
    profile: 'standards',
    talk: freshFor('Cache-Control: max-age=30', 30).map((line) => line.replace('/a', '/pkg/-/pkg-1.0.0.tgz')),
  },
  {
    rfc: '9111 section 4.2.2',
    says: 'A page where a package should be gets none of its lifetime',
    profile: 'builds',
    talk: [
      'client: GET /pkg/-/pkg-1.0.0.tgz',
      'origin: 200 · Content-Type: text/html · body log in',
      'larder: 200 body log in (miss, not stored: no-freshness)',
    ],
  },
]
