import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ChurnMap } from '../../../src/base/churn-map.ts'

const file = join(import.meta.dirname, '../../../src/base/churn-map.ts')

/** KiB that 2 000 values of 8 KiB, of which 20 are in the map at a time, take when only the young generation was collected. */
const leftKib = (map: string): number =>
  Number(
    execFileSync(process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '-e',
      `import { ChurnMap } from '${file}'
      const map = new ${map}()
      const add = (at) => {
        map.set(at, new Array(1024).fill(at))
        map.delete(at - 20)
        if (at % 50 === 0) gc({ type: 'minor' })
      }
      for (let at = 0; at < 1_000; at++) add(at)
      gc()
      const before = process.memoryUsage().heapUsed
      for (let at = 1_000; at < 3_000; at++) add(at)
      process.stdout.write(String((process.memoryUsage().heapUsed - before) / 1024))`,
    ]),
  )

describe('A map for what comes and goes', () => {
  test('holds what a map holds, in the same order', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(40))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const churned = new ChurnMap<number, number>()
        const plain = new Map<number, number>()
        steps.forEach(([kind, key], at) => {
          if (kind === 'set') {
            churned.set(key, at)
            plain.set(key, at)
          } else assert.equal(churned.delete(key), plain.delete(key))
        })
        assert.deepEqual([...churned.keys()], [...plain.keys()])
        assert.deepEqual([...churned.values()], [...plain.values()])
        assert.equal(churned.size, plain.size)
        for (const key of plain.keys()) assert.equal(churned.get(key), plain.get(key))
        assert.equal(churned.has(41), false)
      }),
    )
  })

  test('lets go of what was deleted without a full collection of garbage, which a Map does not', () => {
    const [churned, plain] = [leftKib('ChurnMap'), leftKib('Map')]
    assert.ok(churned < 4_000, `${churned} KiB`)
    assert.ok(plain > 8_000, `${plain} KiB`)
  })
})
