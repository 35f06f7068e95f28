import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import { fromRecord, isPinned, toRecord, withPin } from '../../../src/store/stored-record.ts'
import type { StoredResponse } from '../../../src/store/stored-response.ts'
import { plain, storedResponse } from '../../support/stored-responses.ts'

const whole = storedResponse(1)
const part = storedResponse(2, {
  status: 206,
  content: { digest: digestOf(Buffer.from('23456')), sizeBytes: 5 },
  part: { first: 2, last: 6, sizeBytes: 10 },
})

const throughText = (variants: readonly StoredResponse[]): readonly StoredResponse[] =>
  fromRecord(JSON.parse(JSON.stringify(toRecord(variants))))

describe('Records of stored responses', () => {
  test('a record of whole responses is written as it always was', () => {
    assert.equal(toRecord([whole]).v, 1)
    assert.deepEqual(plain(throughText([whole])), plain([whole]))
    assert.equal('part' in throughText([whole])[0]!, false)
  })

  test('a record with a part is not read by those who do not know parts', () => {
    assert.equal(toRecord([whole, part]).v, 2)
    assert.deepEqual(plain(throughText([whole, part])), plain([whole, part]))
  })

  test('a pinned record is not read by those who do not know pins, and comes back pinned', () => {
    const pinned = withPin([whole, part], true)
    assert.equal(toRecord(pinned).v, 3)
    assert.deepEqual(plain(throughText(pinned)), plain(pinned))
    assert.equal(isPinned(throughText(pinned)), true)
  })

  test('an unpinned record is written as if it had never been pinned', () => {
    const unpinned = withPin(withPin([whole], true), false)
    assert.equal(isPinned(unpinned), false)
    assert.deepEqual(JSON.stringify(toRecord(unpinned)), JSON.stringify(toRecord([whole])))
  })

  test('a record that is outdated comes back as such', () => {
    const outdated = { ...whole, outdatedAt: 5 }
    assert.equal(toRecord([outdated]).v, 3)
    assert.equal(throughText([outdated])[0]?.outdatedAt, 5)
  })

  for (const wrong of [{ pinned: false }, { pinned: 1 }, { outdatedAt: '5' }, { outdatedAt: -1 }]) {
    test(`a record with ${JSON.stringify(wrong)} is not of our shape`, () => {
      assert.deepEqual(fromRecord({ v: 3, variants: [{ ...whole, ...wrong }] }), [])
    })
  }

  test('a record of an unknown version is empty', () => {
    assert.deepEqual(fromRecord({ ...toRecord([whole]), v: 4 }), [])
    assert.deepEqual(fromRecord({ ...toRecord([whole]), v: '1' }), [])
  })

  for (const wrong of [
    null,
    7,
    {},
    { first: 2, last: 6 },
    { first: 2, last: 6, sizeBytes: 6 },
    { first: 2, last: 5, sizeBytes: 10 },
    { first: 3, last: 6, sizeBytes: 10 },
    { first: -1, last: 3, sizeBytes: 10 },
    { first: 2.5, last: 6.5, sizeBytes: 10 },
    { first: '2', last: 6, sizeBytes: 10 },
  ]) {
    test(`a record whose part is ${JSON.stringify(wrong)} is not of our shape`, () => {
      assert.deepEqual(fromRecord({ v: 2, variants: [{ ...part, part: wrong }] }), [])
    })
  }

  test('a part without content is not of our shape', () => {
    assert.deepEqual(fromRecord({ v: 2, variants: [{ ...part, content: undefined }] }), [])
  })
})
