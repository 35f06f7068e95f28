import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UserRule } from '../../../src/config/user-rules.ts'
import { classRuleFor } from '../../../src/ecosystem/classify.ts'
import {
  contentParameters,
  signatureAt,
  signatureFamilies,
  signatureLike,
} from '../../../src/ecosystem/signed-families.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'
import { cacheKey, type ExplainedKey, explainKey, possibleKeys } from '../../../src/key/cache-key.ts'
import { UserRuleSet } from '../../../src/key/user-rule-set.ts'

function target(text: string): TargetUri {
  const parsed = parseTargetUri(text)
  assert.ok('href' in parsed, text)
  return parsed
}

interface Given {
  readonly rules?: readonly UserRule[]
  readonly profile?: 'builds' | 'standards'
  readonly isPublic?: boolean
}

function explained(text: string, { rules = [], profile = 'builds', isPublic = true }: Given = {}): ExplainedKey {
  const uri = target(text)
  const terms = { profile, userRules: new UserRuleSet(rules) }
  const answer = explainKey(uri, classRuleFor(uri), terms, isPublic)
  assert.equal(cacheKey(uri, classRuleFor(uri), terms, isPublic), answer.after)
  return answer
}

const blank = { match: undefined, drop: [], keep: undefined, signed: undefined, public: false, fold: [] }
const s3 = 'X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-Date=20260102T030405Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host'
const policy = Buffer.from(
  '{"Statement":[{"Resource":"r","Condition":{"DateLessThan":{"AWS:EpochTime":1767323045}}}]}',
).toString('base64')
const jwt = `e30.${Buffer.from('{"exp":1767323045}').toString('base64url')}.x`

/** Family, signed URL, its key, when the signature ends. */
const table: readonly (readonly [string, string, string, string | undefined])[] = [
  [
    's3v4',
    `https://bucket.s3.us-west-2.amazonaws.com/f.tar.gz?${s3}&X-Amz-Signature=s&versionId=v1`,
    'https://bucket.s3.us-west-2.amazonaws.com/f.tar.gz?versionId=v1',
    '2026-01-02T03:09:05.000Z',
  ],
  [
    's3v4',
    `https://a.r2.cloudflarestorage.com/docker/blobs/x/data?a=1&${s3}&X-Amz-Signature=s&b&response-content-type=t`,
    'https://a.r2.cloudflarestorage.com/docker/blobs/x/data?a=1&b&response-content-type=t',
    '2026-01-02T03:09:05.000Z',
  ],
  [
    'github-s3',
    `https://objects.githubusercontent.com/github-production-release-asset-1/2/3?${s3}&X-Amz-Signature=s&actor_id=0&key_id=0&repo_id=2`,
    'https://objects.githubusercontent.com/github-production-release-asset-1/2/3',
    '2026-01-02T03:09:05.000Z',
  ],
  [
    's3v2',
    'https://obs.example.myhuaweicloud.com/f.iso?AccessKeyId=AK&Expires=1767323045&Signature=s',
    'https://obs.example.myhuaweicloud.com/f.iso',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    's3v2',
    'https://b.oss-cn-x.aliyuncs.com/f.png?OSSAccessKeyId=AK&Expires=1767323045&Signature=s&x-oss-process=image/resize',
    'https://b.oss-cn-x.aliyuncs.com/f.png?x-oss-process=image/resize',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'oss4',
    'https://b.oss-cn-x.aliyuncs.com/f?x-oss-signature-version=v&x-oss-date=20260102T030405Z&x-oss-expires=60&x-oss-signature=s&x-oss-credential=c',
    'https://b.oss-cn-x.aliyuncs.com/f',
    '2026-01-02T03:05:05.000Z',
  ],
  [
    'gcs',
    'https://storage.googleapis.com/b/o.zip?X-Goog-Algorithm=a&X-Goog-Credential=c&X-Goog-Date=20260102T030405Z&X-Goog-Expires=1&X-Goog-SignedHeaders=host&X-Goog-Signature=s&generation=7',
    'https://storage.googleapis.com/b/o.zip?generation=7',
    '2026-01-02T03:04:06.000Z',
  ],
  [
    'gcs',
    'https://storage.googleapis.com/b/o.zip?GoogleAccessId=i&Expires=1767323045&Signature=s%2B',
    'https://storage.googleapis.com/b/o.zip',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'googlecdn',
    'https://cdn.artifacts.gitlab-static.net/aa/f.zip?Expires=1767323045&KeyName=k&Signature=s',
    'https://cdn.artifacts.gitlab-static.net/aa/f.zip',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'azure',
    'https://acct.blob.core.windows.net/c/f.zip?sv=2021&se=2026-01-02T03%3A04%3A05Z&sr=b&sp=r&sig=x%3D&snapshot=2024',
    'https://acct.blob.core.windows.net/c/f.zip?snapshot=2024',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'azure',
    'https://eastus.data.azurecr.io/id//d/?d=sha256:0a&se=2026-01-02T03:04:05Z&sig=x&sv=1&regid=r',
    'https://eastus.data.azurecr.io/id//d/?d=sha256:0a',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'github-release',
    `https://release-assets.githubusercontent.com/github-production-release-asset/1/u?sp=r&sv=1&sr=b&se=2026-01-02T04%3A04%3A05Z&rscd=attachment&sig=x&jwt=${jwt}`,
    'https://release-assets.githubusercontent.com/github-production-release-asset/1/u?rscd=attachment',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'cloudfront',
    'https://d111.cloudfront.net/f.zip?Expires=1767323045&Signature=s&Key-Pair-Id=k',
    'https://d111.cloudfront.net/f.zip',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'cloudfront',
    `https://cdn-lfs.hf.co/repos/a/b?Policy=${policy.replaceAll('=', '_')}&Signature=s&Key-Pair-Id=k`,
    'https://cdn-lfs.hf.co/repos/a/b',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'quay',
    `https://cdn01.quay.io/quayio/sha256/aa/bb?${s3}&X-Amz-Signature=s&region=r&namespace=n&repo_name=x&akamai_signature=exp=1767323000~hmac=1`,
    'https://cdn01.quay.io/quayio/sha256/aa/bb',
    '2026-01-02T03:03:20.000Z',
  ],
  [
    'docker-verify',
    'https://production.cloudflare.docker.com/registry-v2/docker/x/data?verify=1767323045-abc%3D',
    'https://production.cloudflare.docker.com/registry-v2/docker/x/data',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'cos',
    'https://b-1.cos.ap-x.myqcloud.com/f?q-sign-algorithm=sha1&q-ak=A&q-sign-time=1767322000%3B1767323045&q-key-time=1;2&q-header-list=&q-url-param-list=&q-signature=s&ci-process=p',
    'https://b-1.cos.ap-x.myqcloud.com/f?ci-process=p',
    '2026-01-02T03:04:05.000Z',
  ],
  [
    'gitee',
    'https://foruda.gitee.com/attach_file/1/f.zip?token=t&ts=1767323045&attname=f.zip',
    'https://foruda.gitee.com/attach_file/1/f.zip?attname=f.zip',
    '2026-01-02T03:04:05.000Z',
  ],
  ['s3v4', 'https://b.s3.amazonaws.com/f?X-Amz-Signature=s&X-Amz-Date=x', 'https://b.s3.amazonaws.com/f', undefined],
]

describe('Keys of signed URLs', () => {
  for (const [family, url, key, end] of table) {
    test(`${family}: ${url.slice(0, 70)}… loses its signature and nothing else`, () => {
      assert.deepEqual(explained(url), { before: url, after: key, rule: `signed.${family}` })
    })

    test(`${family}: ${url.slice(8, 70)}… says when it ends`, () => {
      const { host, path } = target(url)
      const signature = signatureAt(host, path.split('?')[1]!)
      assert.equal(signature?.expiresAt === undefined ? undefined : new Date(signature.expiresAt).toISOString(), end)
    })

    test(`${family}: ${url.slice(0, 70)}… keeps all of it without a proof, and under the profile standards`, () => {
      assert.deepEqual(explained(url, { isPublic: false }), { before: url, after: url, rule: undefined })
      assert.equal(explained(url, { profile: 'standards' }).after, url)
    })
  }

  test('every family is in the table', () => {
    const named = new Set(table.map(([family]) => family))
    assert.deepEqual(
      signatureFamilies.map(({ name }) => name).filter((name) => !named.has(name)),
      [],
    )
  })

  test('no family drops what selects content', () => {
    for (const { name, drop, hosts } of signatureFamilies) {
      assert.deepEqual(
        drop.filter((parameter) => contentParameters.includes(parameter)),
        [],
        name,
      )
      assert.ok(hosts.length > 0 && !hosts.includes('*'), name)
    }
  })

  const untouched = [
    `https://objects.example.org/f?${s3}&X-Amz-Signature=s`,
    `https://amazonaws.com.example.org/f?${s3}&X-Amz-Signature=s`,
    `https://notamazonaws.com/f?${s3}&X-Amz-Signature=s`,
    `https://b.s3.amazonaws.com/f?${s3}`,
    `https://b.s3.amazonaws.com/f?x-amz-signature=s&${s3}`,
    'https://d111.cloudfront.net/f.zip?Expires=1&Signature=s',
    'https://example.org/f?token=t&ts=1',
    'https://b.s3.amazonaws.com/f?',
    'https://b.s3.amazonaws.com/f?&&a=&=b',
  ]
  for (const url of untouched) {
    test(`${url} stays as it is`, () => assert.deepEqual(explained(url), { before: url, after: url, rule: undefined }))
  }

  test('on another host a signature is seen, so that its end is known', () => {
    assert.equal(signatureLike(`${s3}&X-Amz-Signature=s`)?.expiresAt, Date.UTC(2026, 0, 2, 3, 9, 5))
    assert.equal(signatureLike('token=t&ts=1'), undefined)
  })

  test('a purge reaches the object with and without its signature', () => {
    const uri = target('https://d111.cloudfront.net/f.zip?Expires=1&Signature=s&Key-Pair-Id=k')
    const terms = { profile: 'builds', userRules: new UserRuleSet([]) } as const
    assert.deepEqual(possibleKeys(uri, classRuleFor(uri), terms), [uri.href, 'https://d111.cloudfront.net/f.zip'])
  })
})

describe('Keys by rules of the user', () => {
  const match = (host: string, pathPrefix = '/', pathPattern?: RegExp): UserRule['match'] => ({
    host,
    pathPrefix,
    pathPattern,
  })
  const rules: readonly UserRule[] = [
    { ...blank, origin: 'f:1', match: match('d.example.org', '/get/'), drop: ['session', 'utm_*'] },
    { ...blank, origin: 'f:2', match: match('*.example.org', '/', /\.iso$/), keep: ['arch'] },
    { ...blank, origin: 'f:3', match: match('store.test'), signed: 's3v4' },
    { ...blank, origin: 'f:4', match: match('open.test'), signed: 's3v4', public: true },
    {
      ...blank,
      origin: 'f:5',
      fold: ['https://a.test/debian/', 'https://b.test:443/deb/', 'https://c.test/'],
    },
  ]
  const rows: readonly (readonly [string, string, string, string | undefined])[] = [
    [
      'drops what is named',
      'https://d.example.org/get/x?a=1&session=2&utm_a&b',
      'https://d.example.org/get/x?a=1&b',
      'f:1',
    ],
    [
      'applies below its path alone',
      'https://d.example.org/x?session=2',
      'https://d.example.org/x?session=2',
      undefined,
    ],
    ['keeps what is named', 'https://e.example.org/x.iso?a=1&arch=2', 'https://e.example.org/x.iso?arch=2', 'f:2'],
    ['does not match by its query', 'https://e.example.org/x?a=.iso', 'https://e.example.org/x?a=.iso', undefined],
    ['the first one counts', 'https://d.example.org/get/x.iso?a=1', 'https://d.example.org/get/x.iso?a=1', undefined],
    ['names no other domain', 'https://example.org/x.iso?a', 'https://example.org/x.iso?a', undefined],
    ['folds mirrors', 'https://b.test/deb/pool/x?y', 'https://a.test/debian/pool/x?y', 'f:5'],
    ['folds whole hosts', 'https://c.test/pool/x', 'https://a.test/debian/pool/x', 'f:5'],
    ['leaves the first mirror', 'https://a.test/debian/pool/x', 'https://a.test/debian/pool/x', undefined],
    ['leaves other schemes', 'http://c.test/pool/x', 'http://c.test/pool/x', undefined],
    [
      'leaves unproven signatures',
      `https://store.test/f?${s3}&X-Amz-Signature=s`,
      `https://store.test/f?${s3}&X-Amz-Signature=s`,
      undefined,
    ],
    [
      'says that a store is public',
      `https://open.test/f?${s3}&X-Amz-Signature=s&v=1`,
      'https://open.test/f?v=1',
      'signed.s3v4',
    ],
    [
      'comes after the spelling of the ecosystem',
      'https://b.test/deb/pool/main/a/a/a%2b%7e_1_all.deb',
      'https://a.test/debian/pool/main/a/a/a+~_1_all.deb',
      'apt.pool, f:5',
    ],
  ]
  for (const [what, url, after, rule] of rows) {
    test(`a rule ${what}: ${url.slice(0, 60)}`, () => {
      assert.deepEqual(explained(url, { rules, isPublic: false }), { before: url, after, rule })
    })
  }

  test('a named family is shared after a proof', () => {
    const url = `https://store.test/f?${s3}&X-Amz-Signature=s`
    assert.equal(explained(url, { rules }).after, 'https://store.test/f')
  })

  test('none applies under the profile standards', () => {
    for (const [, url] of rows.slice(0, 12)) assert.equal(explained(url, { rules, profile: 'standards' }).after, url)
  })
})
