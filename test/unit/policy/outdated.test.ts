import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { classRuleFor } from '../../../src/ecosystem/classify.ts'
import { Fields } from '../../../src/http/fields.ts'
import { createTargetParser, type TargetUri } from '../../../src/http/target-uri.ts'
import { freshnessProfile } from '../../../src/policy/freshness.ts'
import { reuse } from '../../../src/policy/reuse.ts'
import { mayServeStaleOnError } from '../../../src/policy/stale-on-error.ts'

const at = 1_700_000_000_000
const none = new Fields([])
const rule = classRuleFor(createTargetParser()('https://example.org/p/-/p-1.0.0.tgz') as TargetUri)
const record = { status: 200, fields: ['Cache-Control', 'stale-while-revalidate=600'], requestedAt: at, receivedAt: at }
const profileOf = (outdatedAt: number) => freshnessProfile({ ...record, outdatedAt }, rule, 'builds')

describe('Responses whose lifetime was ended by hand', () => {
  test('are validated before their next use, though their class is immutable', () => {
    assert.equal(reuse({ fields: none }, freshnessProfile(record, rule, 'builds'), at + 5000).kind, 'fresh')
    assert.equal(reuse({ fields: none }, profileOf(at + 5000), at + 5000).kind, 'validate')
  })

  test('may stand in for an origin that fails', () => {
    assert.equal(mayServeStaleOnError(profileOf(at + 5000), at + 6000, none), true)
  })

  test('are fresh again once the origin was asked after that', () => {
    assert.equal(reuse({ fields: none }, profileOf(at - 1), at + 5000).kind, 'fresh')
  })
})
