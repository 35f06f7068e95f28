import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { classRuleFor } from '../../../src/ecosystem/classify.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'

/** URL, rule, whether its redirect is followed. */
const golden: readonly (readonly [string, string, boolean])[] = [
  ['https://github.com/o/r/releases/download/v1.2/tool.tgz', 'github.release immutable=false', true],
  ['https://github.com/o/r/releases/download/nightly/tool.tgz', 'github.release-rolling immutable=false', true],
  ['https://github.com/o/r/releases/latest/download/tool.tgz', 'github.latest-download immutable=false', true],
  [`https://github.com/o/r/archive/${sha}.tar.gz`, 'github.archive-sha immutable=false', true],
  ['https://github.com/o/r/archive/refs/heads/main.zip', 'github.archive-branch immutable=false', true],
  ['https://github.com/o/r/archive/refs/tags/v1.tar.gz', 'github.archive immutable=false', true],
  ['https://github.com/o/r/info/refs?service=git-upload-pack', 'rfc immutable=false', false],
  ['https://github.com/o/r/pull/1', 'rfc immutable=false', false],
  ['https://example.org/o/r/releases/download/v1.2/tool.tgz', 'generic.archive immutable=false', false],
  [`https://codeload.github.com/o/r/tar.gz/${sha}`, 'github.codeload-sha immutable=true', false],
  ['https://codeload.github.com/o/r/zip/refs/tags/v1', 'github.codeload-tag immutable=false', false],
  ['https://codeload.github.com/o/r/zip/refs/heads/main', 'github.codeload-ref immutable=false', false],
  [
    'https://objects.githubusercontent.com/github-production-release-asset-2e65be/1/2?x',
    'github.asset immutable=true',
    false,
  ],
  ['https://objects.githubusercontent.com/github-production-repository-file/1/2', 'rfc immutable=false', false],
  ['https://gitee.com/o/r/releases/download/v1/tool.zip', 'gitee.release immutable=false', true],
  ['https://gitee.com/o/r/attach_files/12/download/a.zip', 'gitee.attachment immutable=false', true],
  [
    'https://transfer.xethub.hf.co/xorbs/default/a?X-Xet-Signed-Range=bytes%3D0-1',
    'guard.signed-range immutable=false',
    false,
  ],
]

describe('Rules of one host', () => {
  for (const [url, expected, follows] of golden) {
    test(`${url} is ${expected.split(' ')[0]}`, () => {
      const target = parseTargetUri(url)
      assert.ok('href' in target)
      const rule = classRuleFor(target)
      assert.equal(`${rule.name} immutable=${rule.class === 'immutable'}`, expected)
      assert.equal(rule.follow === true, follows)
    })
  }
})
