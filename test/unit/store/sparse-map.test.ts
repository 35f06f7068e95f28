import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SparseMap } from '../../../src/store/sparse-map.ts'

function come(map: SparseMap, first: number, until: number, end: number): void {
  const run = map.add(first, until)
  run.taken = end
  run.end = end
  map.end(run)
}

describe('A map of what is there ahead of the rest', () => {
  test('knows which run has a byte, or will have it', () => {
    const map = new SparseMap()
    const run = map.add(100, 200)
    run.taken = 150
    assert.equal(map.covering(99), undefined)
    assert.equal(map.covering(100), run)
    assert.equal(map.covering(199), run)
    assert.equal(map.covering(200), undefined)
    map.end(run)
    assert.equal(map.covering(149), run)
    assert.equal(map.covering(150), undefined)
  })

  test('lets a run go no further than where the next one begins', () => {
    const map = new SparseMap()
    come(map, 500, 600, 600)
    assert.equal(map.add(100, 1000).until, 500)
    assert.equal(map.nextFirst(101), 500)
    assert.equal(map.nextFirst(501), undefined)
  })

  test('ends a run where another one begins within it, which then goes on to where that would have', () => {
    const map = new SparseMap()
    const far = map.add(100, 1000)
    far.taken = 200
    assert.equal(map.reachBefore(600), 200)
    const near = map.add(600, 5000)
    assert.deepEqual([far.until, near.until], [600, 1000])
    assert.equal(map.covering(599), far)
    assert.equal(map.covering(600), near)
  })

  test('forgets a run that brought nothing, and those that lie before the rest has come', () => {
    const map = new SparseMap()
    map.end(map.add(100, 200))
    assert.deepEqual(map.runs, [])
    come(map, 100, 200, 200)
    come(map, 300, 400, 350)
    assert.equal(map.byteCount, 150)
    map.dropBefore(200)
    assert.deepEqual(
      map.runs.map(({ first, end }) => [first, end]),
      [[300, 350]],
    )
    assert.equal(map.reachBefore(360), 350)
  })
})
