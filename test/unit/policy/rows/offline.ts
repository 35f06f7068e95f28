import type { Talk } from './row.ts'

const later = (directives: string, seconds: number, ...rest: string[]): string[] => [
  'client: GET /a',
  `origin: 200 · Cache-Control: ${directives} · ETag: "1" · body one`,
  'larder: 200 body one',
  `… ${seconds} s later`,
  '… larder goes offline',
  ...rest,
]
const refused =
  'larder: 504 · Proxy-Status: larder; error=proxy_internal_response; details=ORIGIN_OFFLINE · Cache-Status: larder; detail=ORIGIN_OFFLINE (failed)'

export const offline: readonly Talk[] = [
  {
    rfc: '9111 section 4.2.4',
    says: 'Offline, what is fresh is a hit as ever',
    talk: later(
      'max-age=60',
      59,
      'client: GET /a',
      'larder: 200 body one · Age: 59 · Cache-Status: larder; hit; ttl=1 (hit)',
    ),
  },
  {
    rfc: '9111 section 4.2.4',
    says: 'Offline, what is stale is served whatever its age, and nobody is asked behind it',
    talk: later(
      'max-age=60',
      60 + 400 * 86_400,
      'client: GET /a',
      'larder: 200 body one · Age: 34560060 · Cache-Status: larder; hit; ttl=-34560000 (hit-stale)',
      'client: HEAD /a',
      'larder: 200 · Age: 34560060 (hit-stale)',
    ),
  },
  {
    rfc: '5861 section 3',
    says: 'Offline, stale-while-revalidate asks nobody',
    talk: later('max-age=60, stale-while-revalidate=30', 70, 'client: GET /a', 'larder: 200 body one (hit-stale)'),
  },
  ...['no-cache', 'max-age=0', 'max-age=5', 'min-fresh=900', 'max-stale=1'].map(
    (wish): Talk => ({
      rfc: '9111 section 5.2.1',
      says: `Offline, a client’s ${wish} is but a wish: it gets what is stored`,
      talk: later('max-age=60', 90, `client: GET /a · Cache-Control: ${wish}`, 'larder: 200 body one (hit-stale)'),
    }),
  ),
  {
    rfc: '9111 section 5.2.1',
    says: 'Offline, what is fresh is a hit against a client’s no-cache',
    talk: later('max-age=60', 30, 'client: GET /a · Cache-Control: no-cache', 'larder: 200 body one (hit)'),
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60'].map(
    (directive): Talk => ({
      rfc: '9111 section 4.2.4',
      says: `Offline, what is stale is for nobody where the origin forbids it by ${directive}`,
      talk: later(`max-age=60, ${directive}`, 61, 'client: GET /a', refused),
    }),
  ),
  {
    rfc: '9111 section 4.2.4',
    says: 'Offline, what is fresh needs no validation, must-revalidate or not',
    talk: later('max-age=60, must-revalidate', 59, 'client: GET /a', 'larder: 200 body one (hit)'),
  },
  {
    rfc: '9111 section 5.2.2.4',
    says: 'Offline, a response with no-cache is for nobody: each use would have to be validated',
    talk: later('max-age=60, no-cache', 1, 'client: GET /a', refused),
  },
  {
    rfc: '9110 section 13.2.2',
    says: 'Offline, conditions and ranges are answered from what is stored',
    talk: later(
      'max-age=60',
      90,
      'client: GET /a · If-None-Match: "1"',
      'larder: 304 (hit-stale)',
      'client: GET /a · Range: bytes=1-1',
      'larder: 206 body n (hit-stale)',
    ),
  },
  {
    rfc: '9111 section 4.2.4',
    says: 'Offline, what is not stored fails at once',
    talk: ['… larder goes offline', 'client: GET /a', refused, 'client: HEAD /a', 'larder: 504 (failed)'],
  },
  {
    rfc: '9111 section 4.1',
    says: 'Offline, what is stored for other requests fails at once',
    talk: later(
      'max-age=60 · Vary: Accept-Language',
      1,
      'client: GET /a · Accept-Language: de',
      'larder: 504 (failed)',
      'client: GET /a',
      'larder: 200 body one (hit)',
    ),
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'Offline, only-if-cached gets what is stale, and its own fault where there is nothing',
    talk: later(
      'max-age=60',
      90,
      'client: GET /a · Cache-Control: only-if-cached',
      'larder: 200 body one (hit-stale)',
      'client: GET /b · Cache-Control: only-if-cached',
      'larder: 504 · Proxy-Status: larder; error=proxy_internal_response; details=CLIENT_ONLY_IF_CACHED (denied)',
    ),
  },
  {
    rfc: '9110 section 9.2.1',
    says: 'Offline, what would only be passed on fails at once',
    talk: later(
      'max-age=60',
      1,
      'client: POST /a · body x',
      'larder: 504 (failed)',
      'client: GET /b · Authorization: Basic eDp5',
      'larder: 504 (failed)',
    ),
  },
  {
    rfc: '9111 section 3.3',
    says: 'Offline, a range is answered from stale parts',
    profile: 'standards',
    talk: [
      'client: GET /a · Range: bytes=0-1',
      'origin: 206 · Cache-Control: max-age=60 · ETag: "1" · Content-Range: bytes 0-1/6 · body on',
      'larder: 206 body on',
      '… 90 s later',
      '… larder goes offline',
      'client: GET /a · Range: bytes=1-1',
      'larder: 206 body n (hit-stale)',
      'client: GET /a · Range: bytes=1-2',
      'larder: 504 (failed)',
    ],
  },
  {
    rfc: '9111 section 4',
    says: 'Offline, a stale 404 is served as it is stored',
    talk: [
      'client: GET /a',
      'origin: 404 · Cache-Control: max-age=5 · body none',
      'larder: 404 body none',
      '… 1 day later',
      '… larder goes offline',
      'client: GET /a',
      'larder: 404 body none (hit-stale)',
    ],
  },
]
