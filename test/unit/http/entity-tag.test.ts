import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseEntityTag, parseEntityTags, strongMatch, weakMatch } from '../../../src/http/entity-tag.ts'

const tag = (text: string) => parseEntityTag(text)

describe('Entity tags (RFC 9110 section 8.8.3)', () => {
  test('strong and weak', () => {
    assert.deepEqual(tag('"a"'), { weak: false, opaque: 'a' })
    assert.deepEqual(tag('W/"a"'), { weak: true, opaque: 'a' })
    assert.deepEqual(tag('""'), { weak: false, opaque: '' })
  })

  for (const text of ['', 'a', 'w/"a"', '"a', '"a b"', '"a"b"', 'W/a', '*', '"a", "b"']) {
    test(`is no tag: ${text}`, () => assert.equal(tag(text), undefined))
  }

  test('the table of comparisons (section 8.8.3.2)', () => {
    const rows = [
      ['W/"1"', 'W/"1"', false, true],
      ['W/"1"', 'W/"2"', false, false],
      ['W/"1"', '"1"', false, true],
      ['"1"', '"1"', true, true],
    ] as const
    for (const [a, b, strong, weak] of rows) {
      assert.equal(strongMatch(tag(a), tag(b)), strong)
      assert.equal(weakMatch(tag(a), tag(b)), weak)
    }
    assert.equal(weakMatch(undefined, undefined), false)
    assert.equal(strongMatch(undefined, undefined), false)
  })

  test('lists, commas and backslashes inside tags included', () => {
    assert.equal(parseEntityTags(' * '), '*')
    assert.deepEqual(parseEntityTags(', "a,b" ,W/"c", nonsense'), [
      { weak: false, opaque: 'a,b' },
      { weak: true, opaque: 'c' },
    ])
    assert.deepEqual(parseEntityTags('"a\\", "b"'), [
      { weak: false, opaque: 'a\\' },
      { weak: false, opaque: 'b' },
    ])
  })
})
