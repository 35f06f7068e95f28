import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { growthPercent } from '../../../src/app/modest-heap.ts'

/**
 * Objects that live for a while make V8 let its young generation grow. Answers its MiB after many of them, after a collection as V8 makes one
 * in a process that is idle, and after many of them again.
 */
const script = (keep: boolean): string => `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { keepHeapModest } from '${join(import.meta.dirname, '../../../src/app/modest-heap.ts')}'
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20
  const kept = []
  const live = async (count) => {
    for (let at = 0; at < count; at++) {
      kept[at % 200_000] = { list: [at], text: String(at) }
      if (at % 10_000 === 0) await new Promise(setImmediate)
    }
    return size()
  }
  ${keep ? 'keepHeapModest()' : ''}
  const first = await live(2_500_000)
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  process.stdout.write(JSON.stringify([first, size(), await live(2_500_000)]))
`
const sizes = (keep: boolean): readonly [number, number, number] =>
  JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script(keep)], { encoding: 'utf8' }),
  )

test('The young generation of the heap grows to 32 MiB and no further, and to them again when V8 has made it small', () => {
  const [before, reduced, after] = sizes(true)
  assert.deepEqual([before, reduced < 16, after], [32, true, 32], `${before}, ${reduced}, ${after}`)
  const [unbound] = sizes(false)
  assert.equal(unbound > 32, true, `${unbound}`)
})

test('The old generation may grow by a quarter of what is in use, and a small one by some 64 MiB', () => {
  const mib = 2 ** 20
  assert.deepEqual(
    [16, 32, 64, 100, 256, 4096].map((used) => growthPercent(used * mib)),
    [400, 200, 100, 75, 25, 25],
  )
})
