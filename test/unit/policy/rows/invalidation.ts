import type { Talk } from './row.ts'

const stored = (path: string): string[] => [
  `client: GET ${path}`,
  'origin: 200 · Cache-Control: max-age=60 · ETag: "1" · body one',
  'larder: 200 body one (miss, stored)',
]
const kept = (path: string): string[] => [`client: GET ${path}`, 'larder: 200 body one (hit)']
const dropped = (path: string): string[] => [
  `client: GET ${path}`,
  'origin: 200 · Cache-Control: max-age=60 · body two',
  'larder: 200 body two (miss, stored)',
]
const said = (line: string, status: number, fields = ''): string[] => [
  `client: ${line}`,
  `origin: ${status}${fields} · ${status === 204 ? 'empty' : 'body done'}`,
  `larder: ${status} (relayed)`,
]

export const invalidation: readonly Talk[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH'].map(
    (method): Talk => ({
      rfc: '9111 section 4.4',
      says: `A successful ${method} invalidates what is stored for its URI`,
      talk: [...stored('/a'), ...said(`${method} /a · body new`, 200), ...dropped('/a')],
    }),
  ),
  ...['OPTIONS', 'TRACE'].map(
    (method): Talk => ({
      rfc: '9111 section 4.4',
      says: `${method} is safe and invalidates nothing`,
      talk: [...stored('/a'), ...said(`${method} /a`, 200), ...kept('/a')],
    }),
  ),
  ...[201, 204, 301, 303].map(
    (status): Talk => ({
      rfc: '9111 section 4.4',
      says: `A ${status} to an unsafe request is no error: it invalidates`,
      talk: [...stored('/a'), ...said('POST /a · body new', status), ...dropped('/a')],
    }),
  ),
  ...[400, 404, 409, 500, 503].map(
    (status): Talk => ({
      rfc: '9111 section 4.4',
      says: `A ${status} to an unsafe request invalidates nothing`,
      talk: [...stored('/a'), ...said('POST /a · body new', status), ...kept('/a')],
    }),
  ),
  {
    rfc: '9111 section 4.4',
    says: 'An unsafe request whose origin fails invalidates nothing',
    talk: [...stored('/a'), 'client: POST /a · body new', 'origin: refuses', 'larder: 502', ...kept('/a')],
  },
  {
    rfc: '9111 section 4.4',
    says: 'Location and Content-Location of the same origin are invalidated as well',
    talk: [
      ...stored('/b'),
      ...stored('/c'),
      ...said('POST /a · body new', 201, ' · Location: /b · Content-Location: http://origin.test/c'),
      ...dropped('/b'),
      ...dropped('/c'),
    ],
  },
  {
    rfc: '9111 section 4.4',
    says: 'Location of another origin is left alone',
    talk: [
      ...stored('http://other.test/b'),
      ...stored('http://origin.test:8080/b'),
      ...said(
        'POST /a · body new',
        201,
        ' · Location: http://other.test/b · Content-Location: http://origin.test:8080/b',
      ),
      ...kept('http://other.test/b'),
      ...kept('http://origin.test:8080/b'),
    ],
  },
  {
    rfc: '9111 section 4.4',
    says: 'A Location in the answer to an unsafe request that failed is left alone',
    talk: [...stored('/b'), ...said('POST /a · body new', 500, ' · Location: /b'), ...kept('/b')],
  },
  {
    rfc: '9111 section 4.4',
    says: 'All variants are invalidated',
    talk: [
      'client: GET /a · Accept-Language: de',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Language · body eins',
      'larder: 200 body eins (miss, stored)',
      'client: GET /a · Accept-Language: en',
      'origin: 200 · Cache-Control: max-age=60 · Vary: Accept-Language · body one',
      'larder: 200 body one (miss-variant, stored)',
      ...said('DELETE /a', 204),
      'client: GET /a · Accept-Language: de',
      'origin: 404 · Cache-Control: no-store · body none',
      'larder: 404 body none',
      'client: GET /a · Accept-Language: en',
      'origin: 404 · Cache-Control: no-store · body none',
      'larder: 404 body none',
    ],
  },
  {
    rfc: '9111 section 4.4',
    says: 'An unsafe request with credentials invalidates as well',
    talk: [...stored('/a'), ...said('PUT /a · Authorization: Basic bWU6bWU= · body new', 204), ...dropped('/a')],
  },
  {
    rfc: '9111 section 4.4',
    says: 'Other URIs stay, those with another query included',
    talk: [
      ...stored('/a?x=1'),
      ...stored('/a/b'),
      ...said('POST /a · body new', 200),
      ...kept('/a?x=1'),
      ...kept('/a/b'),
    ],
  },
  {
    rfc: '9111 section 4.4',
    says: 'What was invalidated does not come back when memory is forgotten',
    talk: [...stored('/a'), ...said('POST /a · body new', 200), '… larder restarts', ...dropped('/a')],
  },
]
