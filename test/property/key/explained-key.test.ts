import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { contentParameters, signatureFamilies } from '../../../src/ecosystem/signed-families.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'
import { cacheKey, explainKey } from '../../../src/key/cache-key.ts'
import { UserRuleSet } from '../../../src/key/user-rule-set.ts'

const none = new UserRuleSet([])
const dropped = signatureFamilies.flatMap(({ drop }) => drop)
const kept = [...contentParameters, 'a', 'b', 'versionid%3D', '', 'X-Amz-Other', 'x-amz-signature']
const value = fc.stringMatching(/^(?:=[A-Za-z0-9%2F=.-]{0,6})?$/)
const parameter = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => name + text.replace(/%(?![0-9A-F]{2})/g, ''))
const anyParameters = fc.array(parameter([...dropped, ...kept]), { maxLength: 8 })
const host = fc.constantFrom(
  ...signatureFamilies.flatMap(({ hosts }) => hosts.map((pattern) => pattern.replace('*', 'x'))),
  'example.org',
)
const path = fc.stringMatching(/^\/[a-z]{0,4}$/)

function target(text: string) {
  const parsed = parseTargetUri(text)
  assert.ok('href' in parsed, text)
  return parsed
}

/** `parameters` without those whose name some family drops. */
const content = (parameters: readonly string[]): string[] =>
  parameters.filter((text) => !dropped.includes(text.split('=')[0]!))

describe('Keys of signed URLs', () => {
  test('two are one only when all that is no signature is the same, in the same order', () => {
    fc.assert(
      fc.property(host, path, path, anyParameters, anyParameters, (server, first, second, one, other) => {
        fc.pre(first !== second || content(one).join('&') !== content(other).join('&'))
        const key = (where: string, parameters: readonly string[]): string =>
          cacheKey(
            target(`https://${server}${where}?x&${parameters.join('&')}`),
            rfcRule,
            { profile: 'builds', userRules: none },
            true,
          )
        // A query's empty parameters, of which a join shows no trace, are no content either.
        fc.pre(content(one).some(Boolean) || content(other).some(Boolean) || first !== second)
        assert.notEqual(key(first, one), key(second, other))
      }),
    )
  })

  test('a key never says more than its URL, and nothing is dropped without a proof or under the profile standards', () => {
    fc.assert(
      fc.property(host, path, anyParameters, (server, where, parameters) => {
        const uri = target(`https://${server}${where}?${parameters.join('&')}`)
        const proven = explainKey(uri, rfcRule, { profile: 'builds', userRules: none }, true)
        assert.ok(proven.after.length <= uri.href.length)
        const unproven = explainKey(uri, rfcRule, { profile: 'builds', userRules: none }, false)
        const standards = explainKey(uri, rfcRule, { profile: 'standards', userRules: none }, true)
        assert.equal(unproven.after, standards.after)
        assert.equal(unproven.rule, undefined)
      }),
    )
  })

  test('making a key of a key changes nothing', () => {
    fc.assert(
      fc.property(host, path, anyParameters, (server, where, parameters) => {
        const terms = { profile: 'builds', userRules: none } as const
        const once = cacheKey(target(`https://${server}${where}?${parameters.join('&')}`), rfcRule, terms, true)
        const { host: named } = target(once)
        fc.pre(!named.includes('quay') && !named.includes('github'))
        assert.equal(cacheKey(target(once), rfcRule, terms, false), once)
      }),
    )
  })
})
