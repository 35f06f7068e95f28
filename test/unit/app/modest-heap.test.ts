import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** Objects that live for a while make V8 let its young generation grow; answers its bytes before and after. */
const script = (keep: boolean): string => `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { keepHeapModest } from '${join(import.meta.dirname, '../../../src/app/modest-heap.ts')}'
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size
  ${keep ? 'keepHeapModest()' : ''}
  const before = size()
  const kept = []
  for (let at = 0; at < 1_000_000; at++) kept[at % 200_000] = { list: [at], text: String(at) }
  process.stdout.write(JSON.stringify([before, size()]))
`
const growth = (keep: boolean): readonly [number, number] =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script(keep)], { encoding: 'utf8' }))

test('The young generation of the heap stays as large as it is, which it would not by itself', () => {
  const [before, after] = growth(true)
  assert.equal(after <= before, true, `${before} became ${after}`)
  const [small, large] = growth(false)
  assert.equal(large > small, true, `${small} stayed ${large}`)
})
