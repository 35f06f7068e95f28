import type { Talk } from './row.ts'

export const messages: readonly Talk[] = [
  {
    rfc: '9110 section 15.2',
    says: 'An interim response is passed on before the final one',
    talk: [
      'client: GET /a',
      'origin interim: 103 · Link: </style>; rel=preload',
      'origin: 200 · Cache-Control: max-age=60 · body one',
      'larder interim: 103 · Link: </style>; rel=preload',
      'larder: 200 body one (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · no Link (hit)',
    ],
  },
  {
    rfc: '9110 section 15.2',
    says: 'Several interim responses are passed on in their order, for what is not stored as well',
    talk: [
      'client: GET /a',
      'origin interim: 103 · Link: </a>',
      'origin interim: 103 · Link: </b>',
      'origin: 200 · Cache-Control: no-store · body one',
      'larder interim: 103 · Link: </a>',
      'larder interim: 103 · Link: </b>',
      'larder: 200 body one (miss)',
    ],
  },
  {
    rfc: '9110 section 6.5.1',
    says: 'Trailers are passed on with what is not stored',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: no-store · chunked · body one · trailer X-Sum: 1',
      'larder: 200 body one · trailer X-Sum: 1 · no X-Sum',
    ],
  },
  {
    rfc: '9111 section 3.1',
    says: 'Trailers of a stored response never become header fields',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · chunked · body one · trailer X-Sum: 1 · trailer Cache-Control: max-age=9999',
      'larder: 200 body one · no X-Sum (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · no X-Sum · Cache-Control: max-age=60 (hit)',
    ],
  },
  {
    rfc: '9111 section 3.1',
    says: 'no-store in a trailer comes too late',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · chunked · body one · trailer Cache-Control: no-store',
      'larder: 200 body one (miss, stored)',
    ],
  },
  {
    rfc: '9110 section 7.6.1',
    says: 'Fields that Connection names go no further than this proxy',
    talk: [
      'client: GET /a · Connection: X-Hop · X-Hop: 1 · X-End: 1 · TE: trailers · Proxy-Authorization: Basic bWU6bWU=',
      'origin sees: GET /a · X-End: 1 · no X-Hop · no Connection · no TE · no Proxy-Authorization',
      'origin: 200 · Cache-Control: max-age=60 · body one',
      'larder: 200 body one (miss, stored)',
    ],
  },
  {
    rfc: '9110 section 7.6.3',
    says: 'Via is added in both directions, behind what was there',
    talk: [
      'client: GET /a · Via: 1.0 before',
      'origin sees: GET /a · Via: 1.0 before, 1.1 larder',
      'origin: 200 · Via: 1.1 behind · Cache-Control: max-age=60 · body one',
      'larder: 200 body one · Via: 1.1 behind, 1.1 larder (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Via: 1.1 behind, 1.1 larder (hit)',
    ],
  },
  {
    rfc: '9211 section 2',
    says: 'Cache-Status is added behind that of the caches nearer to the origin',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Status: other; hit · Cache-Control: max-age=60 · body one',
      'larder: 200 body one · Cache-Status: other; hit, larder; fwd=uri-miss (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Cache-Status: other; hit, larder; hit; ttl=60 (hit)',
    ],
  },
  {
    rfc: '9530 section 3',
    says: 'A hit tells the digest of the whole representation',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · body one',
      'larder: 200 body one · no Repr-Digest (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Repr-Digest: sha-256=:dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=: (hit)',
    ],
  },
  {
    rfc: '9530 section 3',
    says: 'The origin’s own digest is left as it is',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · Repr-Digest: sha-512=:AA==: · body one',
      'larder: 200 body one (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Repr-Digest: sha-512=:AA==: (hit)',
    ],
  },
]
