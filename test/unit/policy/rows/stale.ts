import { type FaultCode, faults } from '../../../../src/base/faults.ts'
import type { Talk } from './row.ts'

const later = (directives: string, seconds: number, ...rest: string[]): string[] => [
  'client: GET /a',
  `origin: 200 · Cache-Control: ${directives} · ETag: "1" · body one`,
  'larder: 200 body one (miss, stored)',
  `… ${seconds} s later`,
  ...rest,
]
const validated = ['client: GET /a', 'origin: 304', 'larder: 200 body one (revalidated)']

/** Of each class a URL, the lifetime that its origin gives, and for how long it stands in: for an error, for an origin that cannot be reached. */
const day = 86_400
const classes = [
  { about: 'Content that never changes', path: '/pool/main/x/x_1.2_all.deb', ttl: 0, error: day, unreached: day },
  { about: 'Content that is validated', path: '/dists/stable/InRelease', ttl: 60, error: day, unreached: day },
  { about: 'Content that is fetched anew', path: '/-/v1/search', ttl: 60, error: 0, unreached: day },
  { about: 'Content of which nothing is known', path: '/a', ttl: 60, error: 0, unreached: day },
] as const
const unreachable = [
  'refuses',
  'fails with ORIGIN_DNS_FAILED',
  'fails with ORIGIN_HEAD_TIMEOUT',
  'fails with ORIGIN_CIRCUIT_OPEN',
  'fails with ORIGIN_BUSY',
]

/** Asks at the end of the time for which `path` stands in, and a second later. */
function standing(path: string, ttl: number, seconds: number, failure: string, told: string): string[] {
  const asked = `client: GET ${path}`
  const failed = told === 'larder: 50' ? failedWith(failure) : told
  const first = [asked, `origin: 200 · Cache-Control: max-age=${ttl} · ETag: "1" · body one`, 'larder: 200 body one']
  const last = [asked, failure, 'larder: 200 body one (stale-on-error)']
  return [...first, `… ${ttl + seconds} s later`, ...(seconds === 0 ? [] : last), '… 1 s later', asked, failure, failed]
}

function failedWith(failure: string): string {
  const code = /ORIGIN_\w+/.exec(failure)?.[0] ?? 'ORIGIN_CONNECT_REFUSED'
  return `larder: ${faults[code as FaultCode].status} (refresh-failed)`
}

export const stale: readonly Talk[] = [
  {
    rfc: '5861 section 3',
    says: 'Within stale-while-revalidate the stale response is served and validated behind the client’s back',
    talk: later(
      'max-age=60, stale-while-revalidate=30',
      89,
      'client: GET /a',
      'larder: 200 body one · Age: 89 · Cache-Status: larder; hit; ttl=-29 (hit-stale)',
      'origin sees: GET /a · If-None-Match: "1"',
      'origin: 304',
      'client: GET /a',
      'larder: 200 body one · Age: 0 (hit)',
    ),
  },
  {
    rfc: '5861 section 3',
    says: 'What the validation behind the client’s back brings is stored',
    talk: later(
      'max-age=60, stale-while-revalidate=30',
      70,
      'client: GET /a',
      'larder: 200 body one (hit-stale)',
      'origin: 200 · Cache-Control: max-age=60 · body two',
      'client: GET /a',
      'larder: 200 body two (hit)',
    ),
  },
  {
    rfc: '5861 section 3',
    says: 'After stale-while-revalidate the client waits for the validation',
    talk: later('max-age=60, stale-while-revalidate=30', 90, ...validated),
  },
  {
    rfc: '5861 section 3',
    says: 'A failed validation behind the client’s back is tried again with the next request',
    talk: later(
      'max-age=60, stale-while-revalidate=30',
      70,
      'client: GET /a',
      'larder: 200 body one (hit-stale)',
      'origin: refuses',
      'client: GET /a',
      'larder: 200 body one (hit-stale)',
      'origin: 304',
      'client: GET /a',
      'larder: 200 body one (hit)',
    ),
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `stale-while-revalidate does not count against ${directive}`,
      talk: later(`max-age=60, stale-while-revalidate=30, ${directive}`, 70, ...validated),
    }),
  ),
  {
    rfc: '5861 section 3',
    says: 'stale-while-revalidate does not count against a client’s no-cache',
    talk: later(
      'max-age=60, stale-while-revalidate=30',
      70,
      'client: GET /a · Cache-Control: no-cache',
      'origin: 304',
      'larder: 200 body one (revalidated)',
    ),
  },
  {
    rfc: '5861 section 3',
    says: 'stale-while-revalidate does not count against a client’s max-age',
    talk: later(
      'max-age=60, stale-while-revalidate=30',
      70,
      'client: GET /a · Cache-Control: max-age=65',
      'origin: 304',
      'larder: 200 body one (revalidated)',
    ),
  },
  {
    rfc: '5861 section 3',
    says: 'A stale-while-revalidate that is no number counts as 0',
    talk: later('max-age=60, stale-while-revalidate', 61, ...validated),
  },
  ...[500, 502, 503, 504].map(
    (status): Talk => ({
      rfc: '5861 section 4',
      says: `Within stale-if-error the stale response is served in place of a ${status}`,
      talk: later(
        'max-age=60, stale-if-error=600',
        100,
        'client: GET /a',
        `origin: ${status} · body wrong`,
        'larder: 200 body one · Age: 100 (stale-on-error)',
      ),
    }),
  ),
  ...[400, 403, 429, 501, 505].map(
    (status): Talk => ({
      rfc: '5861 section 4',
      says: `A ${status} is none of the errors of stale-if-error: it is passed on`,
      talk: later(
        'max-age=60, stale-if-error=600',
        100,
        'client: GET /a',
        `origin: ${status} · body wrong`,
        `larder: ${status} body wrong`,
      ),
    }),
  ),
  {
    rfc: '5861 section 4',
    says: 'Within stale-if-error the stale response is served when the origin cannot be reached',
    talk: later(
      'max-age=60, stale-if-error=600',
      660,
      'client: GET /a',
      'origin: refuses',
      'larder: 200 body one · Age: 660 · Cache-Status: larder; fwd=stale; detail=ORIGIN_CONNECT_REFUSED (stale-on-error)',
    ),
  },
  {
    rfc: '5861 section 4',
    says: 'After stale-if-error the error is told',
    talk: later(
      'max-age=60, stale-if-error=600',
      661,
      'client: GET /a',
      'origin: 503 · body wrong',
      'larder: 503 body wrong',
      'client: GET /a',
      'origin: refuses',
      'larder: 502',
    ),
  },
  {
    rfc: '9111 section 4.2.4',
    says: 'Without stale-if-error an error of the origin is told; stale content is for those who cannot reach it',
    talk: later(
      'max-age=60',
      61,
      'client: GET /a',
      'origin: 500 · body wrong',
      'larder: 500 body wrong',
      'client: GET /a',
      'origin: refuses',
      'larder: 200 body one (stale-on-error)',
      'client: GET /a · Cache-Control: no-cache',
      'origin: refuses',
      'larder: 502 (refresh-failed)',
    ),
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60'].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `Stale content is for nobody where the origin forbids it by ${directive}, reachable or not`,
      talk: later(`max-age=60, ${directive}`, 61, 'client: GET /a', 'origin: refuses', 'larder: 502 (refresh-failed)'),
    }),
  ),
  {
    rfc: '9111 section 4.2.4',
    says: 'A day after its lifetime content is too stale, also where the origin cannot be reached',
    talk: later('max-age=60', 60 + 86_401, 'client: GET /a', 'origin: refuses', 'larder: 502 (refresh-failed)'),
  },
  {
    rfc: '9111 section 4.3.3',
    says: 'An error leaves the stored response where it is',
    talk: later('max-age=60', 61, 'client: GET /a', 'origin: 500 · body wrong', 'larder: 500', ...validated),
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `stale-if-error does not count against ${directive}`,
      talk: later(
        `max-age=60, stale-if-error=600, ${directive}`,
        61,
        'client: GET /a',
        'origin: 503 · body wrong',
        'larder: 503 body wrong',
        'client: GET /a',
        'origin: refuses',
        'larder: 502',
      ),
    }),
  ),
  {
    rfc: '5861 section 4',
    says: 'A client may ask for the stale response in place of an error',
    talk: later(
      'max-age=60',
      100,
      'client: GET /a · Cache-Control: stale-if-error=600',
      'origin: 503 · body wrong',
      'larder: 200 body one · Age: 100 (stale-on-error)',
    ),
  },
  {
    rfc: '9111 section 4.2.4',
    says: 'A client’s no-cache gets the error, not the stale response',
    talk: later(
      'max-age=60, stale-if-error=600',
      61,
      'client: GET /a · Cache-Control: no-cache',
      'origin: 503 · body wrong',
      'larder: 503 body wrong',
    ),
  },
  ...classes.flatMap(({ about, path, ttl, error, unreached }): Talk[] => [
    {
      rfc: '5861 section 4',
      says: `${about}: when the origin answers 503, what is stored stands in ${error === 0 ? 'never' : 'for a day'}`,
      profile: 'builds',
      talk: standing(path, ttl, error, 'origin: 503 · body wrong', 'larder: 503 body wrong'),
    },
    ...unreachable.map(
      (failure): Talk => ({
        rfc: '9111 section 4.2.4',
        says: `${about}: when the origin ${failure}, what is stored stands in for a day`,
        profile: 'builds',
        talk: standing(path, ttl, unreached, `origin: ${failure}`, 'larder: 50'),
      }),
    ),
  ]),
  ...['max-age=60, must-revalidate', 'max-age=0, must-revalidate'].map(
    (directives): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `An archive stands in for nobody where its origin said ${directives}`,
      profile: 'builds',
      talk: later(
        directives,
        61,
        'client: GET /a',
        'origin: fails with ORIGIN_CIRCUIT_OPEN',
        'larder: 503 (refresh-failed)',
      ).map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
    }),
  ),
  {
    rfc: '9111 section 4.2.4',
    says: 'A published archive stands in for its origin for a day',
    profile: 'builds',
    talk: later(
      'max-age=60',
      60 + 86_400,
      'client: GET /a',
      'origin: refuses',
      'larder: 200 body one (stale-on-error)',
      '… 1 s later',
      'client: GET /a',
      'origin: refuses',
      'larder: 502',
    ).map((line) => line.replace('/a', '/tool-1.2.3.tar.gz')),
  },
]
