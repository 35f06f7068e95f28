import { describe, test } from 'node:test'
import type { Profile } from '../../../src/policy/profile.ts'
import { converse } from '../../support/conversation.ts'

interface Row {
  readonly says: string
  readonly profile?: Profile
  readonly talk: readonly string[]
}

/** Conversations begin at 1767323045 (02 Jan 2026 03:04:05 GMT); the signatures below end 300 s later. */
const signed = (signature: string, seconds = 300): string =>
  `https://b.s3.amazonaws.com/o/file?X-Amz-Date=20260102T030405Z&X-Amz-Expires=${seconds}&X-Amz-Signature=${signature}`
const fresh = 'Cache-Control: max-age=3600'
const release = 'http://origin.test/download'

const redirected = (signature: string, ...fields: readonly string[]): string[] => [
  `client: GET ${release}`,
  ['origin: 302', `Location: ${signed(signature)}`, ...fields].join(' · '),
  `larder: 302 · Location: ${signed(signature)} (miss, not stored)`,
]
const fetched = (signature: string): string[] => [
  `client: GET ${signed(signature)}`,
  `origin: 200 · ${fresh} · body bytes`,
  'larder: 200 bytes (miss, stored)',
]
const hit = (signature: string): string[] => [`client: GET ${signed(signature)}`, 'larder: 200 bytes (hit)']

const rows: readonly Row[] = [
  {
    says: 'after redirects for everybody the bytes are found under another signature, also when the first has ended',
    talk: [...redirected('one'), ...fetched('one'), ...redirected('two'), ...hit('two'), ...hit('one')],
  },
  {
    says: 'without a redirect a signed URL is shared with nobody else',
    talk: [...fetched('one'), ...fetched('two'), ...hit('one'), ...hit('two')],
  },
  {
    says: 'a signed URL that no redirect led to does not find what one that was led to has brought',
    talk: [...redirected('one'), ...fetched('one'), ...fetched('two'), ...hit('two')],
  },
  {
    says: 'a redirect for somebody with credentials proves nothing',
    talk: [
      `client: GET ${release} · Authorization: Bearer x`,
      `origin: 302 · Location: ${signed('one')}`,
      `larder: 302 (relayed)`,
      `client: GET ${release} · PRIVATE-TOKEN: x`,
      `origin: 302 · Location: ${signed('two')}`,
      `larder: 302 (miss)`,
      `client: GET ${release}`,
      `origin: 302 · Cache-Control: private · Location: ${signed('three')}`,
      `larder: 302 (miss)`,
      ...fetched('one'),
      ...fetched('two'),
      ...fetched('three'),
    ],
  },
  {
    says: 'a request with credentials for a signed URL finds nothing and leaves nothing',
    talk: [
      ...redirected('one'),
      ...fetched('one'),
      `client: GET ${signed('one')} · Authorization: Basic x`,
      `origin: 200 · ${fresh} · body own`,
      'larder: 200 own (relayed)',
      ...hit('one'),
    ],
  },
  {
    says: 'a proof ends with the signature, what it brought does not',
    talk: [
      ...redirected('one'),
      ...fetched('one'),
      '… 301 s later',
      `client: GET ${signed('one')}`,
      'origin: 403 · body expired',
      'larder: 403 expired (miss)',
      `client: GET ${release}`,
      `origin: 302 · Location: ${signed('two', 900)}`,
      'larder: 302 (miss)',
      `client: GET ${signed('two', 900)}`,
      'larder: 200 bytes (hit)',
    ],
  },
  {
    says: 'what a store answers to one signature, but the object, is not for another',
    talk: [
      ...redirected('one'),
      `client: GET ${signed('one')}`,
      'origin: 404 · Cache-Control: max-age=60 · body gone',
      'larder: 404 gone (miss, not stored: rule)',
      ...redirected('two'),
      ...fetched('two'),
    ],
  },
  {
    says: 'a redirect from a signed URL proves nothing that the first one does not',
    talk: [
      `client: GET ${signed('one')}`,
      `origin: 302 · Location: ${signed('two').replace('/file', '/other')}`,
      'larder: 302 (miss)',
      `client: GET ${signed('two').replace('/file', '/other')}`,
      `origin: 200 · ${fresh} · body bytes`,
      'larder: 200 bytes (miss, stored)',
      `client: GET ${signed('three').replace('/file', '/other')}`,
      `origin: 200 · ${fresh} · body bytes`,
      'larder: 200 bytes (miss, stored)',
    ],
  },
  {
    says: 'under the profile standards nothing is left out',
    profile: 'standards',
    talk: [...redirected('one'), ...fetched('one'), ...redirected('two'), ...fetched('two')],
  },
  {
    says: 'a redirect that says how long it holds is kept for a minute at most, and not used stale',
    talk: [
      `client: GET ${release}`,
      `origin: 301 · ${fresh}, stale-while-revalidate=900 · ETag: "1" · Location: ${signed('one')}`,
      'larder: 301 (miss, stored)',
      '… 59 s later',
      `client: GET ${release} · Cache-Control: max-stale`,
      `larder: 301 · Location: ${signed('one')} (hit)`,
      '… 2 s later',
      `client: GET ${release} · Cache-Control: max-stale`,
      `origin sees: GET ${release} · no If-None-Match`,
      `origin: 301 · ${fresh} · Location: ${signed('two')}`,
      `larder: 301 · Location: ${signed('two')} (replaced)`,
    ],
  },
  {
    says: 'a redirect is given up a minute before its signature ends',
    talk: [
      `client: GET ${release}`,
      `origin: 301 · ${fresh} · Location: ${signed('one', 90)}`,
      'larder: 301 (miss, stored)',
      '… 29 s later',
      `client: GET ${release}`,
      'larder: 301 (hit)',
      '… 2 s later',
      `client: GET ${release}`,
      `origin: 301 · ${fresh} · Location: ${signed('two', 90)}`,
      'larder: 301 (replaced, not stored: rule)',
    ],
  },
]

describe('Signed URLs', () => {
  for (const { says, profile = 'builds', talk } of rows) test(says, () => converse(talk, profile))
})
