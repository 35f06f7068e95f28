import { describe, test } from 'node:test'
import type { Profile } from '../../../src/policy/profile.ts'
import { converse } from '../../support/conversation.ts'

const page = 'https://github.com/o/r/releases/download/v1.0/tool.tgz'
const asset = (signature: string): string =>
  `https://release-assets.githubusercontent.com/github-production-release-asset/1/u?sp=r&sv=1&se=2026-01-02T04%3A04%3A05Z&sig=${signature}&jwt=x`
const leads = (signature: string): string => `origin: 302 · Cache-Control: no-cache · Location: ${asset(signature)}`

interface Row {
  readonly says: string
  readonly profile?: Profile
  readonly talk: readonly string[]
}

const rows: readonly Row[] = [
  {
    says: 'the bytes of a release are found again under the URL that was asked, without asking anybody',
    talk: [
      `client: GET ${page}`,
      `origin sees: GET ${page} · Accept-Encoding: identity`,
      leads('one'),
      `origin sees: GET ${asset('one')} · Accept-Encoding: identity`,
      'origin: 200 · ETag: "1" · body bytes',
      'larder: 200 bytes · no Location (miss, stored)',
      `client: GET ${page}`,
      'larder: 200 bytes (hit)',
      '… 2 h later',
      `client: GET ${page} · Range: bytes=1-2`,
      'larder: 206 yt (hit)',
    ],
  },
  {
    says: 'after its time a release is validated where it lies now',
    talk: [
      `client: GET ${page}`,
      leads('one'),
      'origin: 200 · ETag: "1" · body bytes',
      'larder: 200 bytes (miss, stored)',
      '… 25 h later',
      `client: GET ${page}`,
      leads('two'),
      `origin sees: GET ${asset('two')} · If-None-Match: "1"`,
      'origin: 304 · ETag: "1"',
      'larder: 200 bytes (revalidated)',
      `client: GET ${page}`,
      'larder: 200 bytes (hit)',
    ],
  },
  {
    says: 'a release outlives an origin that fails',
    talk: [
      `client: GET ${page}`,
      leads('one'),
      'origin: 200 · ETag: "1" · body bytes',
      'larder: 200 bytes (miss, stored)',
      '… 25 h later',
      `client: GET ${page}`,
      'origin: refuses',
      'larder: 200 bytes (stale-on-error)',
    ],
  },
  {
    says: 'what a server says for its own name is not said for the one that was asked',
    talk: [
      `client: GET ${page}`,
      leads('one'),
      'origin: 200 · ETag: "1" · Set-Cookie: a=b · Strict-Transport-Security: max-age=9 · Content-Location: /x · body bytes',
      'larder: 200 bytes · ETag: "1" · no Set-Cookie · no Strict-Transport-Security · no Content-Location (miss, stored)',
    ],
  },
  {
    says: 'a redirect for HEAD is for the client to follow, as a store may sign the method',
    talk: [`client: HEAD ${page}`, leads('one'), `larder: 302 · Location: ${asset('one')} (miss)`],
  },
  {
    says: 'a request with credentials is not followed for',
    talk: [
      `client: GET ${page} · Authorization: Bearer x`,
      leads('one'),
      `larder: 302 · Location: ${asset('one')} (relayed)`,
      `client: GET ${page} · X-Api-Key: x`,
      leads('one'),
      `larder: 302 · Location: ${asset('one')} (miss)`,
    ],
  },
  {
    says: 'a redirect to less than https is for the client to judge',
    talk: [
      `client: GET ${page}`,
      'origin: 302 · Location: http://example.org/x',
      'larder: 302 · Location: http://example.org/x (miss)',
    ],
  },
  {
    says: 'a redirect to a port that nobody may ask for is not followed',
    talk: [`client: GET ${page}`, 'origin: 302 · Location: https://example.org:25/x', 'larder: 302 (miss)'],
  },
  {
    says: 'redirects that lead in circles end',
    talk: [
      `client: GET ${page}`,
      ...Array.from({ length: 6 }, () => `origin: 302 · Location: ${page}`),
      'larder: 302 (miss)',
    ],
  },
  {
    says: 'what is not there at the end is not there',
    talk: [`client: GET ${page}`, leads('one'), 'origin: 404 · body gone', 'larder: 404 gone (miss, stored)'],
  },
  {
    says: 'a URL whose redirect clients read themselves is not followed',
    talk: [
      'client: GET https://huggingface.co/o/r/resolve/main/config.json',
      'origin: 302 · Location: https://cdn-lfs.hf.co/a · X-Linked-Etag: "1"',
      'larder: 302 · X-Linked-Etag: "1" (miss)',
    ],
  },
  {
    says: 'under the profile standards nothing is followed',
    profile: 'standards',
    talk: [`client: GET ${page}`, leads('one'), `larder: 302 · Location: ${asset('one')} (miss)`],
  },
]

describe('Downloads that are reached by a redirect', () => {
  for (const { says, profile = 'builds', talk } of rows) test(says, () => converse(talk, profile))
})
