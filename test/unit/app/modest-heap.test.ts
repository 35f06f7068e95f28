import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { growthPercent } from '../../../src/app/modest-heap.ts'

/** Objects that live for a while make V8 let its young generation grow; answers its bytes before and after. */
const script = (keep: boolean): string => `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { keepHeapModest } from '${join(import.meta.dirname, '../../../src/app/modest-heap.ts')}'
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size
  const kept = []
  const live = (count) => {
    for (let at = 0; at < count; at++) kept[at % 200_000] = { list: [at], text: String(at) }
  }
  while (size() < 16 * 2 ** 20) live(10_000)
  const before = size()
  ${keep ? 'keepHeapModest()' : ''}
  live(2_000_000)
  process.stdout.write(JSON.stringify([before, size()]))
`
const growth = (keep: boolean): readonly [number, number] =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script(keep)], { encoding: 'utf8' }))

test('The young generation of the heap stays as large as it is, which it would not by itself', () => {
  const [before, after] = growth(true)
  // The second half of it may only just be taken.
  assert.equal(after <= 2 * before, true, `${before} became ${after}`)
  const [small, large] = growth(false)
  assert.equal(large > 2 * small, true, `${small} stayed ${large}`)
})

test('The old generation may grow by a quarter of what is in use, and a small one by some 64 MiB', () => {
  const mib = 2 ** 20
  assert.deepEqual(
    [16, 32, 64, 100, 256, 4096].map((used) => growthPercent(used * mib)),
    [400, 200, 100, 75, 25, 25],
  )
})
