import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Positioned, SlowestReader } from '../../../src/store/slowest-reader.ts'

test('the slowest reader is the one with the lowest position, whoever comes, moves and leaves', () => {
  const step = fc.record({
    what: fc.constantFrom('add', 'move', 'leave'),
    who: fc.nat(9),
    position: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const slowest = new SlowestReader<Positioned>()
      const readers: Positioned[] = []
      for (const { what, who, position } of steps) {
        const reader = readers[who % Math.max(1, readers.length)]
        const before = slowest.position
        if (what === 'add') {
          const added = { position }
          readers.push(added)
          slowest.add(added)
        } else if (reader === undefined) continue
        else if (what === 'move') assert.equal(slowest.moved(reader, position), before !== lowest(readers))
        else {
          readers.splice(readers.indexOf(reader), 1)
          assert.equal(slowest.delete(reader), true)
          assert.equal(slowest.delete(reader), false)
        }
        assert.equal(slowest.position, lowest(readers))
        assert.equal(slowest.size, readers.length)
      }
    }),
  )
})

function lowest(readers: readonly Positioned[]): number | undefined {
  return readers.length === 0 ? undefined : Math.min(...readers.map((reader) => reader.position))
}
