import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bearsCredentials } from '../../../src/http/credentials.ts'
import { Fields } from '../../../src/http/fields.ts'
import { locationHref } from '../../../src/http/location.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'

describe('Credentials of a request', () => {
  const secrets =
    'Authorization COOKIE PRIVATE-TOKEN X-Api-Key X-NuGet-ApiKey X-JFrog-Art-Api X-Auth-Key Job-Token'.split(' ')
  for (const name of secrets)
    test(`${name} is one`, () => assert.ok(bearsCredentials(new Fields(['Accept', '*/*', name, 'x']))))

  const others = 'Accept Proxy-Authorization npm-session npm-auth-type User-Agent pacote-integrity If-None-Match'.split(
    ' ',
  )
  for (const name of others)
    test(`${name} is none`, () => assert.equal(bearsCredentials(new Fields([name, 'x'])), false))
})

describe('Where a redirect leads (RFC 9110 section 10.2.2)', () => {
  const target = parseTargetUri('https://h.test/a/b?c')
  assert.ok('href' in target)
  const rows = [
    ['https://o.test/%7ex?b=%2f&a#top', 'https://o.test/%7ex?b=%2f&a'],
    ['HTTP://o.test', 'HTTP://o.test'],
    ['/x?y', 'https://h.test/x?y'],
    ['x', 'https://h.test/a/x'],
    ['?d', 'https://h.test/a/b?d'],
    ['//o.test/x', 'https://o.test/x'],
  ] as const
  for (const [location, expected] of rows) {
    test(`${location} leads to ${expected}`, () => assert.equal(locationHref(location, target), expected))
  }
})
