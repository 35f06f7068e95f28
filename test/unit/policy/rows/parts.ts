import type { Talk } from './row.ts'

const hour = 'Cache-Control: max-age=3600'

/** A range that goes to the origin and comes back as a stored part of ten bytes. */
const part = (range: string, contentRange: string, body: string, fields = 'ETag: "1"'): string[] => [
  `client: GET /a · Range: ${range}`,
  `origin sees: GET /a · Range: ${range}`,
  `origin: 206 · ${hour} · Content-Range: ${contentRange} · ${fields} · body ${body}`,
  `larder: 206 body ${body} · Content-Range: ${contentRange} (miss, stored)`,
]

/** The same where another part is stored. */
const another = (...words: Parameters<typeof part>): string[] => {
  const lines = part(...words)
  return [...lines.slice(0, -1), lines.at(-1)!.replace('(miss,', '(miss-partial,')]
}

/** A range that is served from what is stored. */
const found = (range: string, contentRange: string, body: string): string[] => [
  `client: GET /a · Range: ${range}`,
  `larder: 206 body ${body} · Content-Range: ${contentRange} · Cache-Status: larder; hit; ttl=3600 (hit)`,
]

const standards: readonly Talk[] = [
  {
    rfc: '9111 section 3.3',
    says: 'A part is stored, and ranges within it are served from it',
    talk: [
      ...part('bytes=2-6', 'bytes 2-6/10', '23456'),
      ...found('bytes=2-6', 'bytes 2-6/10', '23456'),
      ...found('bytes=3-4', 'bytes 3-4/10', '34'),
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A suffix and a range without end are found in a part that goes to the end',
    talk: [
      ...part('bytes=-5', 'bytes 5-9/10', '56789'),
      ...found('bytes=-5', 'bytes 5-9/10', '56789'),
      ...found('bytes=-1', 'bytes 9-9/10', '9'),
      ...found('bytes=6-', 'bytes 6-9/10', '6789'),
      ...found('bytes=8-99', 'bytes 8-9/10', '89'),
    ],
  },
  {
    rfc: '9110 section 15.5.17',
    says: 'A range behind the end of a whole that is known in part is refused',
    talk: [
      ...part('bytes=2-6', 'bytes 2-6/10', '23456'),
      'client: GET /a · Range: bytes=10-',
      'larder: 416 · empty · Content-Range: bytes */10 (hit)',
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A part is never given to a request for the whole, which replaces it',
    talk: [
      ...part('bytes=2-6', 'bytes 2-6/10', '23456'),
      'client: GET /a',
      'origin sees: GET /a · no Range · no If-None-Match',
      `origin: 200 · ${hour} · ETag: "2" · body abcdefghij`,
      'larder: 200 body abcdefghij (miss-partial, stored)',
      ...found('bytes=2-6', 'bytes 2-6/10', 'cdefg'),
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A part does not answer HEAD',
    talk: [
      ...part('bytes=0-8', 'bytes 0-8/10', '012345678'),
      'client: HEAD /a',
      `origin: 200 · ${hour} · ETag: "1"`,
      'larder: 200 (miss-partial, not stored: method)',
    ],
  },
  {
    rfc: '9111 section 4.3.5',
    says: 'A HEAD that names another representation drops parts, one that names theirs does not',
    talk: [
      ...part('bytes=0-3', 'bytes 0-3/10', '0123'),
      'client: HEAD /a',
      `origin: 200 · ${hour} · ETag: "1"`,
      'larder: 200 (miss-partial, not stored: method)',
      ...found('bytes=0-3', 'bytes 0-3/10', '0123'),
      'client: HEAD /a',
      `origin: 200 · ${hour} · ETag: "2"`,
      'larder: 200 (miss-partial, not stored: method)',
      ...part('bytes=0-3', 'bytes 0-3/10', 'abcd', 'ETag: "2"'),
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A range that is in parts only partly is asked of the origin',
    talk: [
      ...part('bytes=2-6', 'bytes 2-6/10', '23456'),
      ...another('bytes=6-7', 'bytes 6-7/10', '67'),
      ...found('bytes=2-7', 'bytes 2-7/10', '234567'),
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'Parts with the same strong tag are joined where they touch',
    talk: [
      ...part('bytes=0-3', 'bytes 0-3/10', '0123'),
      ...another('bytes=4-6', 'bytes 4-6/10', '456'),
      '… larder restarts',
      ...found('bytes=1-5', 'bytes 1-5/10', '12345'),
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'Parts that do not touch are joined by the one between',
    talk: [
      ...part('bytes=0-1', 'bytes 0-1/10', '01'),
      ...another('bytes=5-6', 'bytes 5-6/10', '56'),
      ...another('bytes=1-5', 'bytes 1-5/10', '12345'),
      ...found('bytes=0-6', 'bytes 0-6/10', '0123456'),
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'Parts that are all of it become the whole',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234', 'ETag: "1" · X-Part: one'),
      ...another('bytes=5-', 'bytes 5-9/10', '56789', 'ETag: "1" · X-Part: two'),
      'client: GET /a',
      'larder: 200 body 0123456789 · ETag: "1" · X-Part: two · no Content-Range (hit)',
      '… larder restarts',
      'client: GET /a',
      'larder: 200 body 0123456789 · has Repr-Digest (hit)',
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'One part that is all of it is the whole',
    talk: [
      ...part('bytes=0-', 'bytes 0-9/10', '0123456789'),
      'client: GET /a',
      'larder: 200 body 0123456789 · no Content-Range (hit)',
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'A new part makes older ones of the same representation as fresh as it is',
    talk: [
      ...part('bytes=0-3', 'bytes 0-3/10', '0123', 'ETag: "1" · X-Part: one'),
      '… 3000 s later',
      ...another('bytes=6-', 'bytes 6-9/10', '6789', 'ETag: "1" · X-Part: two'),
      '… 3000 s later',
      'client: GET /a · Range: bytes=0-1',
      'larder: 206 body 01 · X-Part: two · Age: 3000 (hit)',
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'A part with another tag takes the place of what was stored',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      ...another('bytes=5-', 'bytes 5-9/10', 'fghij', 'ETag: "2"'),
      ...another('bytes=0-4', 'bytes 0-4/10', 'abcde', 'ETag: "2"'),
      'client: GET /a',
      'larder: 200 body abcdefghij · ETag: "2" (hit)',
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'The same tag with another length is no proof of anything',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      ...another('bytes=5-', 'bytes 5-10/11', '56789a'),
      ...another('bytes=0-4', 'bytes 0-4/11', '01234'),
    ],
  },
  ...['ETag: W/"1"', 'X-Nothing: at all', 'Last-Modified: <start - 9 days>'].map((validator) => ({
    rfc: '9111 section 3.4',
    says: `Parts with ${validator} are never joined, but each is used for itself`,
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234', validator),
      ...found('bytes=1-2', 'bytes 1-2/10', '12'),
      ...another('bytes=5-', 'bytes 5-9/10', '56789', validator),
      ...found('bytes=6-7', 'bytes 6-7/10', '67'),
      ...another('bytes=4-5', 'bytes 4-5/10', '45', validator),
      'client: GET /a',
      `origin: 200 · ${hour} · ${validator} · body 0123456789`,
      'larder: 200 body 0123456789 (miss-partial, stored)',
    ],
  })),
  {
    rfc: '9111 section 4',
    says: 'A stale part is not used',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      '… 3601 s later',
      ...another('bytes=0-4', 'bytes 0-4/10', '01234'),
    ],
  },
  {
    rfc: '9111 section 5.2.1.4',
    says: 'A request with no-cache does not get a part from the store',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      'client: GET /a · Range: bytes=0-4 · Cache-Control: no-cache',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'larder: 206 body 01234 (miss-partial, stored)',
    ],
  },
  {
    rfc: '9111 section 5.2.1.7',
    says: 'only-if-cached is answered from a part',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      'client: GET /a · Range: bytes=0-4 · Cache-Control: only-if-cached',
      'larder: 206 body 01234 (hit)',
      'client: GET /a · Cache-Control: only-if-cached',
      'larder: 504 (denied)',
    ],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'If-Range goes to the origin with its Range, and is answered from a part where it holds',
    talk: [
      'client: GET /a · Range: bytes=0-4 · If-Range: "1"',
      'origin sees: GET /a · Range: bytes=0-4 · If-Range: "1"',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · Content-Type: text/plain · body 01234`,
      'larder: 206 body 01234 (miss, stored)',
      'client: GET /a · Range: bytes=1-2 · If-Range: "1"',
      'larder: 206 body 12 (hit)',
      'client: GET /a · Range: bytes=1-2 · If-Range: "0"',
      'origin sees: GET /a · Range: bytes=1-2 · If-Range: "0"',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 200 body 0123456789 (miss-partial, stored)',
    ],
  },
  {
    rfc: '9110 section 15.3.7',
    says: 'A 206 to If-Range that leaves out what the client knows is passed on, not stored',
    talk: [
      'client: GET /a · Range: bytes=0-4 · If-Range: "1"',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'larder: 206 body 01234 · Content-Range: bytes 0-4/10 (miss, not stored: partial)',
    ],
  },
  {
    rfc: '9110 section 13.2.2',
    says: 'Conditions come before a range from a part, and before one from the origin',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      'client: GET /a · Range: bytes=0-4 · If-None-Match: "1"',
      'larder: 304 · ETag: "1" · no Content-Range (hit-not-modified)',
      'client: GET /a · Range: bytes=5-6 · If-Match: "2"',
      'origin sees: GET /a · Range: bytes=5-6 · no If-Match',
      `origin: 206 · ${hour} · Content-Range: bytes 5-6/10 · ETag: "1" · body 56`,
      'larder: 412 · empty (miss-partial, stored)',
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'An origin that answers with the whole has it stored, and the range served',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 206 body 234 · Content-Range: bytes 2-4/10 (miss, stored)',
      'client: GET /a',
      'larder: 200 body 0123456789 (hit)',
    ],
  },
  {
    rfc: '9110 section 15.5.17',
    says: 'A 416 of the origin is passed on and never stored',
    talk: [
      'client: GET /a · Range: bytes=20-',
      `origin: 416 · ${hour} · Content-Range: bytes */10 · body no such bytes`,
      'larder: 416 body no such bytes · Content-Range: bytes */10 (miss, not stored: partial)',
      'client: GET /a · Range: bytes=20-',
      `origin: 416 · ${hour} · body no such bytes`,
      'larder: 416 body no such bytes (miss, not stored: status)',
      'client: GET /a',
      `origin: 200 · ${hour} · body 0123456789`,
      'larder: 200 body 0123456789 (miss, stored)',
    ],
  },
  {
    rfc: '9110 section 14.2',
    says: 'Several ranges, and what is no range, are asked for as the whole',
    talk: [
      'client: GET /a · Range: bytes=0-1, 4-5',
      'origin sees: GET /a · no Range',
      `origin: 200 · ${hour} · body 0123456789`,
      'larder: 200 body 0123456789 (miss, stored)',
      'client: GET /b · Range: lines=1-2 · If-Range: "1"',
      'origin sees: GET /b · no Range · no If-Range',
      `origin: 200 · ${hour} · body 0123456789`,
      'larder: 200 body 0123456789 (miss, stored)',
    ],
  },
  ...(
    [
      ['with a length that contradicts it', 'Content-Range: bytes 4-9/10 · body 01234'],
      ['of a whole of unknown length', 'Content-Range: bytes 5-9/* · body 01234'],
      ['without Content-Range', 'body 01234'],
      ['with a Content-Range that contradicts itself', 'Content-Range: bytes 5-10/10 · body 012345'],
      ['of several parts', 'Content-Type: multipart/byteranges; boundary=x · body 01234'],
      ['of another range', 'Content-Range: bytes 0-4/10 · body 01234'],
      ['until the connection closes', 'Content-Range: bytes 5-9/10 · body 01234 · until close'],
    ] as const
  ).map(([what, answer]) => ({
    rfc: '9110 section 14.4',
    says: `A 206 ${what} is passed on as it is, and not stored`,
    talk: [
      'client: GET /a · Range: bytes=-5',
      `origin: 206 · ${hour} · ETag: "1" · ${answer}`,
      `larder: 206 body ${/body (\d+)/.exec(answer)![1]} (miss, not stored: partial)`,
      ...part('bytes=5-6', 'bytes 5-6/10', '56'),
    ],
  })),
  {
    rfc: '9111 section 3',
    says: 'A part is stored where the whole might be, and not else',
    talk: [
      'client: GET /a · Range: bytes=0-4',
      'origin: 206 · Cache-Control: private, max-age=60 · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234',
      'larder: 206 body 01234 (miss, not stored: private)',
      'client: GET /a · Range: bytes=0-4',
      'origin: 206 · Cache-Control: no-store · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234',
      'larder: 206 body 01234 (miss, not stored: no-store)',
      'client: GET /a · Range: bytes=0-4',
      'origin: 206 · Content-Range: bytes 0-4/10 · body 01234',
      'larder: 206 body 01234 (miss, not stored: no-freshness)',
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A part that is cut is not stored',
    talk: [
      'client: GET /a · Range: bytes=0-4',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234 · cut after 2 bytes`,
      'larder: breaks off body 01 (miss, not stored: origin-fault)',
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A chunked part is stored when its length is met, else the client sees that it is cut',
    talk: [
      'client: GET /a · Range: bytes=0-4',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234 · chunked`,
      'larder: 206 body 01234 (miss, stored)',
      'client: GET /a · Range: bytes=5-',
      `origin: 206 · ${hour} · Content-Range: bytes 5-9/10 · ETag: "1" · body 567 · chunked`,
      'larder: breaks off body 567 (miss-partial, not stored)',
      ...another('bytes=5-', 'bytes 5-9/10', '56789'),
    ],
  },
  {
    rfc: '9111 section 4.1',
    says: 'Parts are of their variant',
    talk: [
      'client: GET /a · Range: bytes=0-4 · X-Kind: a',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · Vary: X-Kind · body 01234`,
      'larder: 206 body 01234 (miss, stored)',
      'client: GET /a · Range: bytes=5- · X-Kind: b',
      `origin: 206 · ${hour} · Content-Range: bytes 5-9/10 · ETag: "2" · Vary: X-Kind · body fghij`,
      'larder: 206 body fghij (miss-variant, stored)',
      'client: GET /a · Range: bytes=0-1 · X-Kind: a',
      'larder: 206 body 01 (hit)',
      'client: GET /a · Range: bytes=-1 · X-Kind: b',
      'larder: 206 body j (hit)',
    ],
  },
  {
    rfc: '9111 section 4.4',
    says: 'What invalidates a URI invalidates its parts',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      'client: POST /a · body x',
      'origin: 204',
      'larder: 204 (relayed, not stored: method)',
      ...part('bytes=0-4', 'bytes 0-4/10', 'abcde', 'ETag: "2"'),
    ],
  },
  {
    rfc: '9111 section 4',
    says: 'A part of what is gone does not come back',
    talk: [
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
      'client: GET /a · Range: bytes=5-6',
      'origin: 410 · Cache-Control: no-store',
      'larder: 410 (miss-partial, not stored: no-store)',
      ...part('bytes=0-4', 'bytes 0-4/10', '01234'),
    ],
  },
  {
    rfc: '9111 section 4.3.1',
    says: 'A stale whole is validated as a whole, whatever range is asked',
    talk: [
      'client: GET /a',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 200 body 0123456789 (miss, stored)',
      '… 3601 s later',
      'client: GET /a · Range: bytes=2-4',
      'origin sees: GET /a · no Range · If-None-Match: "1"',
      'origin: 304 · ETag: "1"',
      'larder: 206 body 234 · Content-Range: bytes 2-4/10 (revalidated)',
    ],
  },
]

const atOnce: readonly Talk[] = [
  {
    rfc: '9111 section 4',
    says: 'Clients that ask for the same range at once share one request',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      'another client: GET /a · Range: bytes=2-4',
      `origin: 206 · ${hour} · Content-Range: bytes 2-4/10 · ETag: "1" · body 234`,
      'larder: 206 body 234 (miss, stored)',
      'larder to the other: 206 body 234 · Content-Range: bytes 2-4/10 (miss-collapsed)',
    ],
  },
  {
    rfc: '9111 section 4',
    says: 'Clients that ask for the same range at once share the whole that comes instead',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      'another client: GET /a · Range: bytes=2-4',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 206 body 234 (miss, stored)',
      'larder to the other: 206 body 234 (miss-collapsed)',
    ],
  },
  {
    rfc: '9111 section 4',
    says: 'Who wants the whole does not wait for a part',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      'another client: GET /a',
      `origin: 206 · ${hour} · Content-Range: bytes 2-4/10 · ETag: "1" · body 234`,
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 206 body 234 (miss, stored)',
      'larder to the other: 200 body 0123456789 (miss, stored)',
    ],
  },
  {
    rfc: '9111 section 4',
    says: 'Who wants a range waits for the whole that is on its way',
    talk: [
      'client: GET /a',
      'another client: GET /a · Range: bytes=2-4',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 200 body 0123456789 (miss, stored)',
      'larder to the other: 206 body 234 (miss-collapsed)',
    ],
  },
  {
    rfc: '9110 section 13.1.5',
    says: 'A range with another If-Range is another request',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      'another client: GET /a · Range: bytes=2-4 · If-Range: "0"',
      `origin: 206 · ${hour} · Content-Range: bytes 2-4/10 · ETag: "1" · body 234`,
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 206 body 234 (miss, stored)',
      'larder to the other: 200 body 0123456789 (miss, stored)',
    ],
  },
]

export const parts: readonly Talk[] = [
  ...[...standards, ...atOnce].map((row) => ({ ...row, profile: 'standards' as const })),
  {
    rfc: '9110 section 14.2',
    says: 'A range is a reason to fetch the whole, for everybody',
    profile: 'builds',
    talk: [
      'client: GET /a · Range: bytes=2-4 · If-Range: "1"',
      'origin sees: GET /a · no Range · no If-Range',
      `origin: 200 · ${hour} · ETag: "1" · body 0123456789`,
      'larder: 206 body 234 (miss, stored)',
      'client: GET /a',
      'larder: 200 body 0123456789 (hit)',
    ],
  },
  {
    rfc: '9111 section 3.3',
    says: 'A 206 that nobody asked for is stored as the part that it is',
    profile: 'builds',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      'origin sees: GET /a · no Range',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'larder: 206 body 234 · Content-Range: bytes 2-4/10 (miss, stored)',
      'client: GET /a',
      'origin sees: GET /a · Range: bytes=5- · If-Range: "1"',
      `origin: 206 · ${hour} · Content-Range: bytes 5-9/10 · ETag: "1" · body 56789`,
      'larder: 200 body 0123456789 · no Content-Range (miss-partial, stored)',
      'client: GET /a · Range: bytes=0-0',
      'larder: 206 body 0 (hit)',
    ],
  },
  {
    rfc: '9111 section 3.4',
    says: 'A part that does not go on where the stored one ends is not joined to it, and the whole is asked for',
    profile: 'builds',
    talk: [
      'client: GET /a · Range: bytes=2-4',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'larder: 206 body 234 · Content-Range: bytes 2-4/10 (miss, stored)',
      'client: GET /a',
      'origin sees: GET /a · Range: bytes=5- · If-Range: "1"',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'origin sees: GET /a · no Range',
      `origin: 206 · ${hour} · Content-Range: bytes 0-4/10 · ETag: "1" · body 01234`,
      'larder: 206 body 01234 · Content-Range: bytes 0-4/10 (miss-partial, not stored: partial)',
      'client: GET /a · Range: bytes=0-0',
      'larder: 206 body 0 (hit)',
    ],
  },
]
