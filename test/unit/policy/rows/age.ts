import type { Talk } from './row.ts'

/** A response with these fields, and its Age at once and 10 s later. */
const aged = (fields: string, first: number, requested = 'client: GET /a'): string[] => [
  requested,
  `origin: 200 · Cache-Control: max-age=1000 · ${fields} · body one`,
  'larder: 200 body one (miss, stored)',
  'client: GET /a',
  `larder: 200 body one · Age: ${first} (hit)`,
  '… 10 s later',
  'client: GET /a',
  `larder: 200 body one · Age: ${first + 10} (hit)`,
]

export const age: readonly Talk[] = [
  { rfc: '9111 section 4.2.3', says: 'A response just made has age 0', talk: aged('Date: <now>', 0) },
  { rfc: '9111 section 4.2.3', says: 'What Date says counts as age', talk: aged('Date: <30 s ago>', 30) },
  { rfc: '9111 section 4.2.3', says: 'What Age says counts', talk: aged('Age: 40', 40) },
  {
    rfc: '9111 section 4.2.3',
    says: 'Of Date and Age, the one that says more counts',
    talk: aged('Date: <50 s ago> · Age: 40', 50),
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'Age counts where it says more than Date',
    talk: aged('Date: <10 s ago> · Age: 40', 40),
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'A Date in the future is no negative age',
    talk: aged('Date: <in 1 h>', 0),
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'The time that the answer took is added to Age',
    talk: [
      'client: GET /a',
      'origin after 7 s: 200 · Cache-Control: max-age=1000 · Age: 40 · body one',
      'larder: 200 body one (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Age: 47 (hit)',
    ],
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'The time that the answer took counts even without Age',
    talk: [
      'client: GET /a',
      'origin after 7 s: 200 · Cache-Control: max-age=1000 · body one',
      'larder: 200 body one (miss, stored)',
      'client: GET /a',
      'larder: 200 body one · Age: 7 (hit)',
    ],
  },
  { rfc: '9111 section 5.1', says: 'Of several Age fields the first counts', talk: aged('Age: 20 · Age: 500', 20) },
  { rfc: '9111 section 5.1', says: 'Of a list in Age the first member counts', talk: aged('Age: 20, 5', 20) },
  { rfc: '9111 section 5.1', says: 'An Age that is no number is ignored', talk: aged('Age: old', 0) },
  { rfc: '9111 section 5.1', says: 'A negative Age is ignored', talk: aged('Age: -20', 0) },
  { rfc: '9111 section 5.1', says: 'An Age with a fraction is ignored', talk: aged('Age: 20.5', 0) },
  {
    rfc: '9111 section 5.1',
    says: 'An Age whose first member is no number is ignored, whatever follows',
    talk: aged('Age: old, 20', 0),
  },
  {
    rfc: '9111 section 1.2.2',
    says: 'An Age beyond all numbers makes a response stale',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=1000 · Age: 99999999999999999999 · ETag: "1" · body one',
      'larder: 200 body one',
      'client: GET /a',
      'origin sees: GET /a · If-None-Match: "1"',
      'origin: 304',
      'larder: 200 body one (revalidated)',
    ],
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'A response that is older than its lifetime when it comes is not used without validation',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · Age: 60 · ETag: "1" · body one',
      'larder: 200 body one · Age: 60',
      'client: GET /a',
      'origin: 304',
      'larder: 200 body one (revalidated)',
    ],
  },
  {
    rfc: '9111 section 5.1',
    says: 'The answer of the origin itself is passed on with the Age that it has',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: no-store · Age: 3 · body one',
      'larder: 200 body one · Age: 3',
      'client: GET /b',
      'origin: 200 · Cache-Control: max-age=60 · Age: 3 · body one',
      'larder: 200 body one · Age: 3',
    ],
  },
  {
    rfc: '9111 section 4.2.3',
    says: 'A validation makes a response as old as the 304 that confirmed it',
    talk: [
      'client: GET /a',
      'origin: 200 · Cache-Control: max-age=60 · Age: 50 · ETag: "1" · body one',
      'larder: 200 body one (miss, stored)',
      '… 20 s later',
      'client: GET /a',
      'origin: 304 · Age: 5',
      'larder: 200 body one · Age: 5 (revalidated)',
      '… 54 s later',
      'client: GET /a',
      'larder: 200 body one · Age: 59 (hit)',
    ],
  },
]
