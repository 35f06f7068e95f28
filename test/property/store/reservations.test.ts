import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Medium, Reservations } from '../../../src/store/reservations.ts'

const medium = fc.constantFrom<Medium>('file', 'row')
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('reserve' as const), bytes: fc.nat(60), medium }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), which: fc.nat() }) },
  fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }),
)

/** Stored bytes, of which any may be evicted but pinned ones. */
class Disk {
  readonly capacityBytes = 100
  readonly pinnedBytes: number
  storedBytes: number
  freeRowBytes = 0

  constructor(pinnedBytes: number) {
    this.pinnedBytes = pinnedBytes
    this.storedBytes = pinnedBytes
  }

  get usedBytes(): number {
    return this.storedBytes + this.freeRowBytes
  }

  evict(): boolean {
    if (this.storedBytes <= this.pinnedBytes) return false
    this.storedBytes -= 1
    return true
  }
}

describe('Reservations', () => {
  test('whatever is promised, stored, given up and evicted: never more than there is room for, and nothing waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100), fc.array(step, { maxLength: 60 }), async (pinnedBytes, steps) => {
        const disk = new Disk(pinnedBytes)
        const reservations: Reservations = new Reservations({
          space: () => disk,
          makeRoom: async (_, fits) => {
            while (!fits()) {
              await undefined
              if (!disk.evict()) return false
            }
            return true
          },
          onReserved: () => undefined,
        })
        const held: { bytes: number; medium: Medium }[] = []
        const asked: Promise<unknown>[] = []
        const check = (): void => {
          assert.ok(disk.usedBytes + reservations.reservedBytes <= disk.capacityBytes)
          assert.equal(
            reservations.reservedBytes,
            held.reduce((sum, { bytes }) => sum + bytes, 0),
          )
        }
        for (const next of steps) {
          if (next.kind === 'reserve') {
            const { bytes, medium: of } = next
            asked.push(
              reservations.reserve(bytes, of).then(
                () => held.push({ bytes, medium: of }),
                (error) => assert.equal(error.code, 'STORE_NO_SPACE'),
              ),
            )
            await new Promise(setImmediate)
          } else if (held.length > 0) {
            const [one] = held.splice(next.which % held.length, 1)
            if (next.kind === 'commit') disk.storedBytes += one!.bytes
            reservations.release(one!.bytes, one!.medium)
          }
          await new Promise(setImmediate)
          check()
        }
        await Promise.all(asked)
        assert.equal(reservations.waitingCount, 0)
      }),
      { numRuns: 100 },
    )
  })

  test('free pages are room for rows alone', () => {
    const space = { capacityBytes: 100, usedBytes: 100, freeRowBytes: 10 }
    const reservations = new Reservations({
      space: () => space,
      makeRoom: async () => false,
      onReserved: () => undefined,
    })
    assert.equal(reservations.tryReserve(1, 'file'), false)
    assert.equal(reservations.tryReserve(10, 'row'), true)
    assert.equal(reservations.tryReserve(1, 'row'), false)
  })
})
