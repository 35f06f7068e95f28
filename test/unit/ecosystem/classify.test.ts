import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { classRuleFor, rfcRule } from '../../../src/ecosystem/classify.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'

const hex = (digits: number): string => '0123456789abcdef'.repeat(10).slice(0, digits)

function target(path: string): TargetUri {
  const parsed = parseTargetUri(`https://mirror.example.org${path}`)
  assert.ok('href' in parsed, path)
  return parsed
}

const golden: Record<string, readonly string[]> = {
  'apt.byhash immutable': [`/debian/dists/sid/main/binary-amd64/by-hash/SHA256/${hex(64)}`],
  'apt.installer-current revalidate': ['/debian/dists/sid/main/installer-amd64/current/images/netboot/mini.iso'],
  'apt.installer-dated immutable': ['/debian/dists/sid/main/installer-amd64/20240101/images/netboot/mini.iso'],
  'apt.pool immutable': [
    '/debian/pool/main/g/g++/libstdc++_2.0-1+b1_amd64.deb',
    '/debian/pool/main/g/g%2b%2b/libstdc%2b%2b_2.0-1%2bb1_amd64.deb',
    '/debian/pool/main/h/hello/hello_2.10-3.dsc',
    '/debian/pool/main/h/hello/hello_2.10.orig.tar.gz.asc',
    '/pool/universe/l/linux/linux_5.10.0-1_all.udeb',
  ],
  'apt.pdiff-index revalidate': ['/debian/dists/sid/main/binary-amd64/Packages.diff/Index'],
  'apt.pdiff-patch immutable': ['/debian/dists/sid/main/binary-amd64/Packages.diff/T-2024-01-01-0200.00-F-1.gz'],
  'apt.release revalidate': ['/debian/dists/sid/InRelease', '/debian/dists/sid/Release.gpg', '/flat/Release'],
  'apt.index revalidate': [
    '/debian/dists/sid/main/binary-amd64/Packages.xz',
    '/debian/dists/sid/main/Contents-amd64.gz',
    '/ubuntu/dists/noble/main/dep11/Components-amd64.yml.gz',
    '/debian/dists/sid/main/i18n/Translation-en.bz2',
  ],
  'apt.flat-index revalidate': ['/repo/Packages.gz', '/repo/Sources'],
  'apt.deb-versioned immutable': ['/files/tool_1.2-3_arm64.deb'],
  'apt.deb-rolling revalidate': [
    '/linux/direct/browser-stable_current_amd64.deb',
    '/files/tool.deb',
    '/files/tool_1.2-latest_amd64.deb',
    '/pool/tool.deb',
  ],
  'pypi.file immutable': [
    `/packages/f9/9b/${hex(60)}/requests-2.0.tar.gz`,
    `/pypi/packages/f9/9b/${hex(60)}/requests-2.0-py3-none-any.whl.metadata`,
  ],
  'pypi.simple revalidate': ['/simple/', '/simple/requests/', '/root/pypi/simple/a.b/'],
  'pypi.wheel immutable': [
    '/whl/cu121/torch-2.3.0%2Bcu121-cp311-cp311-linux_x86_64.whl',
    '/x/numpy-1.0-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    '/x/numpy-1.0-py3-none-any.whl.metadata',
  ],
  'npm.dist-tags revalidate': ['/-/package/left-pad/dist-tags', '/npm/-/package/@a%2fb/dist-tags/latest'],
  'npm.search ttl': ['/-/v1/search?text=a'],
  'npm.tarball immutable': [
    '/left-pad/-/left-pad-1.3.0.tgz',
    '/@babel/core/-/core-7.0.0-beta.1.tgz',
    '/@babel%2fcore/-/core-7.0.0.tgz',
    '/api/v4/projects/1/packages/npm/@a/b/-/@a/b-1.0.0.tgz',
    '/a/-/a-1.0.0+build.5.tgz',
  ],
  'maven.snapshot-metadata revalidate': ['/m2/org/x/a/1.0-SNAPSHOT/maven-metadata.xml.sha1'],
  'maven.metadata revalidate': [
    '/m2/org/x/a/maven-metadata.xml',
    '/maven2/org/apache/commons/commons-lang3/maven-metadata.xml.sha256',
    '/m2/org/x/a/maven-metadata-central.xml',
  ],
  'maven.snapshot-unique immutable': ['/m2/org/x/a/1.0-SNAPSHOT/a-1.0-20240101.120000-3.jar'],
  'maven.snapshot revalidate': ['/m2/org/x/a/1.0-SNAPSHOT/a-1.0-SNAPSHOT.jar', '/m2/org/x/a/1.0-SNAPSHOT/b-2.jar'],
  'maven.checksum immutable': ['/m2/org/x/a/1.0/a-1.0.jar.sha1', '/m2/org/x/a/1.0/a-1.0.pom.asc'],
  'maven.release immutable': [
    '/m2/org/x/a/1.0/a-1.0.jar',
    '/m2/org/x/a/1.0.2/a-1.0.2-sources.jar',
    '/m2/org/json/json/20231013/json-20231013.pom',
  ],
  'maven.index-chunk immutable': ['/m2/.index/nexus-maven-repository-index.123.gz'],
  'maven.index revalidate': ['/m2/.index/nexus-maven-repository-index.gz', '/m2/archetype-catalog.xml'],
  'generic.sums revalidate': ['/dl/SHA256SUMS', '/dl/sha512sum.txt', '/dl/checksums.txt'],
  'generic.rolling revalidate': [
    '/dl/tool-latest.tar.gz',
    '/dl/nightly/tool-1.2.3.tar.gz',
    '/whl/nightly/torch-2.3.0.dev1-cp311-cp311-linux_x86_64.whl',
    '/x/tool/latest/tool-latest.zip',
  ],
  'generic.versioned revalidate': [
    '/dl/tool-1.2.3.tar.gz',
    '/dl/tool-1.2.3.tar.gz.asc',
    '/gnu/hello/hello-2.12.tar.xz',
  ],
  'generic.archive revalidate': ['/dl/tool.zip', '/m2/org/x/lib/3/lib-3.jar', '/fixes.patch'],
  'rfc rfc': [
    '/',
    '/dl/',
    '/left-pad',
    '/@babel%2fcore',
    '/left-pad?write=true',
    '/maven2/org/apache/',
    '/root/pypi/+simple/x/',
    '/simple/requests',
    '/left-pad/-/left-pad-1.3.tgz.html',
    '/account/x.css',
    '/ajax/lib/3/lib-3.js',
    `/${'a'.repeat(1100)}/-/a-1.0.0.tgz`,
    `/dl/tool-1.2.3.tar.gz`.replace('.tar.gz', '.exe.html'),
  ],
  'guard.dot-segments pass': [
    '/simple/%2e%2e/simple/requests/',
    '/a/../b',
    '/a/./b',
    '/a/..',
    '/a/.%2E/b',
    '/a/..;x=y/b',
    '/a%2f..%2fb',
    '/a%5c..%5cb-1.0.0.tgz',
    '/debian/pool/../a_1.0_all.deb?x',
  ],
  'guard.credential-query pass': ['/a/-/a-1.0.0.tgz?private_token=x', '/a?b=c&ACCESS_TOKEN=x'],
  'guard.s3-subresource pass': ['/bucket?list-type=2&X-Amz-Signature=a', '/a.zip?acl&sig=b'],
}

describe('Class rules', () => {
  for (const [expected, paths] of Object.entries(golden)) {
    for (const path of paths) {
      test(`${path.slice(0, 90)} is ${expected}`, () => {
        const rule = classRuleFor(target(path))
        assert.equal(`${rule.name} ${rule.class}`, expected)
      })
    }
  }

  test('content that never changes is fresh for ever, all other content for a finite time', () => {
    for (const paths of Object.values(golden)) {
      const rule = classRuleFor(target(paths[0]!))
      assert.equal(rule.freshSeconds === Number.POSITIVE_INFINITY, rule.class === 'immutable')
    }
  })

  test('dots that are no segment are left alone', () => {
    for (const path of ['/a..b/c', '/.../c', '/.well-known/x', '/a/b.', '/%2ehidden']) {
      assert.equal(classRuleFor(target(path)), rfcRule, path)
    }
  })

  test('ftp and http follow the same rules', () => {
    const ftp = parseTargetUri('ftp://example.org/debian/dists/sid/InRelease')
    assert.ok('href' in ftp)
    assert.equal(classRuleFor(ftp).name, 'apt.release')
  })

  test('the query decides nothing but the guards', () => {
    assert.equal(classRuleFor(target('/x?f=/a/-/a-1.0.0.tgz')).name, 'rfc')
    assert.equal(classRuleFor(target('/a/-/a-1.0.0.tgz?../x')).name, 'npm.tarball')
  })
})
