import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlCheck } from '../../../src/app/url-rules.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'

function denied(url: string): string | undefined {
  const target = parseTargetUri(url)
  assert.ok('href' in target)
  return urlCheck(target)?.code
}

test('plain requests may name the ports of their scheme and those from 1024 on (CORRECTNESS T21)', () => {
  for (const url of ['http://a.test/', 'http://a.test:443/', 'ftp://a.test/', 'ftps://a.test/', 'ftps://a.test:21/']) {
    assert.equal(denied(url), undefined, url)
  }
  assert.equal(denied('ftp://a.test:2121/'), undefined)
  for (const url of ['http://a.test:25/', 'ftp://a.test:22/', 'ftp://a.test:990/', 'ftps://a.test:25/']) {
    assert.equal(denied(url), 'CLIENT_URL_DENIED', url)
  }
})
