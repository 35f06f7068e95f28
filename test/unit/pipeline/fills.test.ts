import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fills } from '../../../src/pipeline/fills.ts'

describe('Fills and purges of many', () => {
  test('a fill under way is forgotten where its key is meant, and no other', () => {
    const fills = new Fills()
    const [meant, other] = [fills.begin('a', 0), fills.begin('b', 0)]
    assert.deepEqual(
      fills.forgetWhere((key) => key === 'a'),
      ['a'],
    )
    assert.deepEqual([meant.forgotten, other.forgotten], [true, false])
  })

  test('an answer to what was asked before the purge is not stored, one asked after it is', () => {
    const fills = new Fills()
    const before = fills.invalidationCount
    fills.forgetWhere(() => false)
    assert.equal(fills.begin('a', before).forgotten, true)
    assert.equal(fills.begin('a', fills.invalidationCount).forgotten, false)
    assert.equal(fills.isForgotten('a', before), true)
  })
})
