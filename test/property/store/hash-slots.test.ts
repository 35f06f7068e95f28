import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { noSlot } from '../../../src/store/eviction-policy.ts'
import { HashSlots } from '../../../src/store/hash-slots.ts'

describe('Slots by hash', () => {
  test('find what was added and not removed, whatever collides, and nothing else', () => {
    const hash = fc.record({ high: fc.nat(3), low: fc.constantFrom(0, 1, 2, 1023, 1024, 2047, 2048, 4096, 0xffffffff) })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), hash), { maxLength: 300 }), (steps) => {
        const slots = new HashSlots()
        const model = new Map<string, number>()
        for (const [adds, one] of steps) {
          const name = `${one.high} ${one.low}`
          assert.equal(slots.find(one), model.get(name) ?? noSlot)
          if (adds && !model.has(name)) {
            const slot = slots.add(one)
            assert.ok(![...model.values()].includes(slot))
            model.set(name, slot)
          } else if (!adds && model.has(name)) {
            slots.remove(model.get(name)!)
            model.delete(name)
          }
          assert.equal(slots.count, model.size)
        }
      }),
    )
  })

  test('grow to a hundred thousand', () => {
    const slots = new HashSlots()
    const at = (i: number) => ({ high: Math.imul(i, 0x9e3779b1) >>> 0, low: Math.imul(i, 0x85ebca77) >>> 0 })
    for (let i = 0; i < 100_000; i++) slots.add(at(i))
    for (let i = 0; i < 100_000; i++) assert.equal(slots.find(at(i)), i)
  })
})
