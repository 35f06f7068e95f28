import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createEvictionPolicy } from '../../../src/store/eviction-policies.ts'
import { type EvictionName, type EvictionPolicy, evictionNames } from '../../../src/store/eviction-policy.ts'

type Act =
  | { readonly kind: 'ask'; readonly slot: number; readonly size: number }
  | { readonly kind: 'resize'; readonly slot: number; readonly size: number }
  | { readonly kind: 'remove'; readonly slot: number }
  | { readonly kind: 'evict' }
  | { readonly kind: 'restart' }

const slot = fc.integer({ min: 0, max: 40 })
const size = fc.integer({ min: 1, max: 5_000_000 })
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ask' as const), slot, size }) },
  fc.record({ kind: fc.constant('resize' as const), slot, size }),
  fc.record({ kind: fc.constant('remove' as const), slot }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('evict' as const) }) },
  fc.record({ kind: fc.constant('restart' as const) }),
)

/** The same policies over plain lists: slow, and easy to believe. */
class Model {
  readonly #name: EvictionName
  entries: { slot: number; size: number; frequency: number; priority: number; visited: boolean }[] = []
  #floor = 0
  #hand = 0

  constructor(name: EvictionName) {
    this.#name = name
  }

  has(slot: number): boolean {
    return this.entries.some((entry) => entry.slot === slot)
  }

  ask(slot: number, size: number): void {
    const at = this.entries.findIndex((entry) => entry.slot === slot)
    if (at < 0) {
      const entry = { slot, size, frequency: 1, priority: 0, visited: false }
      entry.priority = this.#worth(entry)
      this.entries.push(entry)
      return
    }
    const entry = this.entries[at]!
    entry.frequency += 1
    entry.visited = true
    entry.priority = this.#worth(entry)
    if (this.#name === 'lru') this.entries.push(...this.entries.splice(at, 1))
  }

  resize(slot: number, size: number): void {
    for (const entry of this.entries.filter((one) => one.slot === slot)) {
      entry.size = size
      entry.priority = this.#worth(entry)
    }
  }

  remove(slot: number): void {
    const at = this.entries.findIndex((entry) => entry.slot === slot)
    if (at < 0) return
    this.entries.splice(at, 1)
    if (at < this.#hand) this.#hand -= 1
    // Behind the newest comes the oldest, also when a newer one comes meanwhile.
    if (this.#hand >= this.entries.length) this.#hand = 0
  }

  /** The slots of which any may go. */
  evictable(): readonly number[] {
    if (this.entries.length === 0) return []
    if (this.#name === 'lru') return [this.entries[0]!.slot]
    if (this.#name === 'gdsf') {
      const least = Math.min(...this.entries.map(({ priority }) => priority))
      return this.entries.filter(({ priority }) => priority === least).map((entry) => entry.slot)
    }
    while (this.entries[this.#hand]!.visited) {
      this.entries[this.#hand]!.visited = false
      this.#hand = (this.#hand + 1) % this.entries.length
    }
    return [this.entries[this.#hand]!.slot]
  }

  evicted(slot: number): void {
    this.#floor = this.entries.find((entry) => entry.slot === slot)!.priority
    this.remove(slot)
  }

  #worth({ frequency, size }: { frequency: number; size: number }): number {
    return this.#floor + (frequency * (1_000_000 + size)) / size
  }
}

function play(policy: EvictionPolicy, model: Model, step: Act): EvictionPolicy {
  switch (step.kind) {
    case 'ask':
      if (policy.has(step.slot)) policy.hit(step.slot)
      else policy.insert(step.slot, step.size)
      model.ask(step.slot, step.size)
      return policy
    case 'resize':
      policy.resize(step.slot, step.size)
      model.resize(step.slot, step.size)
      return policy
    case 'remove':
      policy.remove(step.slot)
      model.remove(step.slot)
      return policy
    case 'evict': {
      const expected = model.evictable()
      const slot = policy.evict()
      if (slot === undefined) assert.deepEqual(expected, [])
      else {
        assert.ok(expected.includes(slot), `${slot} is none of ${expected}`)
        model.evicted(slot)
      }
      return policy
    }
    case 'restart': {
      // Entries are found again in another order.
      const next = createEvictionPolicy(policy.name)
      for (const { slot: old, size: bytes } of model.entries.toSorted((a, b) => b.slot - a.slot))
        next.insert(old, bytes)
      assert.equal(next.restore(policy.state()), true)
      return next
    }
  }
}

describe('Eviction policies', () => {
  for (const name of evictionNames) {
    test(`${name} evicts what its definition says after any requests, removals and restarts`, () => {
      fc.assert(
        fc.property(fc.array(act, { maxLength: 200 }), (steps) => {
          const model = new Model(name)
          let policy = createEvictionPolicy(name)
          for (const step of steps) {
            policy = play(policy, model, step)
            assert.equal(policy.count, model.entries.length)
          }
          for (let at = 0; at <= 40; at++) assert.equal(policy.has(at), model.has(at))
        }),
        { numRuns: 300 },
      )
    })

    test(`${name} knows 100 000 entries and gives back each once`, () => {
      const policy = createEvictionPolicy(name)
      for (let at = 0; at < 100_000; at++) policy.insert(at, (at % 1000) + 1)
      const seen = new Set<number>()
      for (let at = policy.evict(); at !== undefined; at = policy.evict()) seen.add(at)
      assert.equal(seen.size, 100_000)
    })
  }

  test('the state of one policy is none of another', () => {
    const lru = createEvictionPolicy('lru')
    assert.equal(createEvictionPolicy('gdsf').restore(lru.state()), false)
    assert.equal(createEvictionPolicy('sieve').restore(lru.state()), false)
  })

  test('gdsf keeps the small before the large, and what is asked for before what is not', () => {
    const policy = createEvictionPolicy('gdsf')
    policy.insert(0, 1_000)
    policy.insert(1, 10_000_000)
    policy.insert(2, 20_000_000)
    for (let i = 0; i < 3; i++) policy.hit(2)
    assert.deepEqual([policy.evict(), policy.evict(), policy.evict()], [1, 2, 0])
  })
})
