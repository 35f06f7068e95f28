import { describe, test } from 'node:test'
import type { Profile } from '../../../src/policy/profile.ts'
import { converse } from '../../support/conversation.ts'

interface Row {
  readonly says: string
  readonly profiles: readonly Profile[]
  readonly talk: readonly string[]
}

const both: readonly Profile[] = ['builds', 'standards']
const fresh = 'Cache-Control: max-age=60'

const rows: readonly Row[] = [
  {
    says: 'an archive is asked for without a coding, and all clients share it',
    profiles: ['builds'],
    talk: [
      'client: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      'origin sees: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: identity',
      `origin: 200 · ${fresh} · Vary: Accept-Encoding · body bytes`,
      'larder: 200 bytes (miss, stored)',
      'client: GET /dl/tool-1.2.3.tar.gz',
      'larder: 200 bytes (hit)',
      'client: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: zstd',
      'larder: 200 bytes (hit)',
    ],
  },
  {
    says: 'content that never changes is asked for without a coding, also to validate it',
    profiles: ['builds'],
    talk: [
      'client: GET /left-pad/-/left-pad-1.3.0.tgz · Accept-Encoding: gzip',
      'origin sees: GET /left-pad/-/left-pad-1.3.0.tgz · Accept-Encoding: identity',
      'origin: 200 · Cache-Control: max-age=0 · ETag: "1" · body bytes',
      'larder: 200 bytes (miss, stored)',
      'client: GET /left-pad/-/left-pad-1.3.0.tgz · Accept-Encoding: br',
      'origin sees: GET /left-pad/-/left-pad-1.3.0.tgz · Accept-Encoding: identity · If-None-Match: "1"',
      'origin: 304 · ETag: "1"',
      'larder: 200 bytes (revalidated)',
    ],
  },
  {
    says: 'by the standards alone Accept-Encoding passes as it came',
    profiles: ['standards'],
    talk: [
      'client: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      'origin sees: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: gzip, br',
      `origin: 200 · ${fresh} · Vary: Accept-Encoding · body bytes`,
      'larder: 200 bytes (miss, stored)',
      'client: GET /dl/tool-1.2.3.tar.gz · Accept-Encoding: br, gzip',
      'larder: 200 bytes (hit)',
      'client: GET /dl/tool-1.2.3.tar.gz',
      `origin: 200 · ${fresh} · Vary: Accept-Encoding · body bytes`,
      'larder: 200 bytes (miss-variant, stored)',
    ],
  },
  {
    says: 'other content is asked for as the client accepts it',
    profiles: both,
    talk: [
      'client: GET /page · Accept-Encoding: gzip',
      'origin sees: GET /page · Accept-Encoding: gzip',
      `origin: 200 · ${fresh} · Vary: Accept-Encoding · Content-Encoding: gzip · body coded`,
      'larder: 200 coded · Content-Encoding: gzip (miss, stored)',
      'client: GET /page · Accept-Encoding: x-gzip;q=1',
      'larder: 200 coded · Content-Encoding: gzip (hit)',
      'client: GET /page · Accept-Encoding: identity',
      `origin: 200 · ${fresh} · Vary: Accept-Encoding · body plain`,
      'larder: 200 plain · no Content-Encoding (miss-variant, stored)',
      'client: GET /page · Accept-Encoding: gzip',
      'larder: 200 coded · Content-Encoding: gzip (hit)',
    ],
  },
  {
    says: 'coded content is never for a client that did not ask for it, even when the origin forgot Vary',
    profiles: both,
    talk: [
      'client: GET /page · Accept-Encoding: gzip',
      `origin: 200 · ${fresh} · Content-Encoding: gzip · body coded`,
      'larder: 200 coded · Content-Encoding: gzip (miss, stored)',
      'client: GET /page · Accept-Encoding: br, gzip',
      'larder: 200 coded · Content-Encoding: gzip (hit)',
      'client: GET /page · Accept-Encoding: gzip;q=0',
      `origin: 200 · ${fresh} · body plain`,
      'larder: 200 plain (miss-variant, stored)',
      'client: GET /page',
      'larder: 200 plain (hit)',
      'client: GET /page · Accept-Encoding: gzip',
      'larder: 200 plain (hit)',
    ],
  },
  {
    says: 'an archive that comes coded all the same is for those who accept the coding',
    profiles: ['builds'],
    talk: [
      'client: GET /dl/tool.zip · Accept-Encoding: gzip',
      'origin sees: GET /dl/tool.zip · Accept-Encoding: identity',
      `origin: 200 · ${fresh} · Content-Encoding: gzip · body coded`,
      'larder: 200 coded (miss, stored)',
      'client: GET /dl/tool.zip',
      `origin: 200 · ${fresh} · Content-Encoding: gzip · body coded`,
      'larder: 200 coded (miss-variant, stored)',
      'client: GET /dl/tool.zip · Accept-Encoding: gzip',
      'larder: 200 coded (hit)',
    ],
  },
]

describe('Content codings (RFC 9110 sections 8.4 and 12.5.3)', () => {
  for (const { says, profiles, talk } of rows) {
    for (const profile of profiles) test(`${says} (profile ${profile})`, () => converse(talk, profile))
  }
})
