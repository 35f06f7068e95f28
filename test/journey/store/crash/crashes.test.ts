import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { buildProgram } from './built-program.ts'
import { type Fault, faults } from './faults.ts'
import { KillRun } from './kill-run.ts'
import { runPowerCuts } from './power-run.ts'

const { words: program, folder, remove } = buildProgram()
after(remove)

/** A few of all the kills that test/long runs, in one store that keeps everything: a record's log, its sync, and a blob that gets its name. */
const some: readonly Fault[] = faults
  .filter(({ call, files }) => {
    return (
      (call === 'rename' && files.length === 0) ||
      (call !== 'fsync' && files.length === 1 && files[0] === 'index.db-wal')
    )
  })
  .filter(({ during }) => during === undefined)
  .map((fault) => ({ ...fault, evicts: false }))

test('kill -9 under load, before calls that write: what was acknowledged is there, no byte is wrong, nothing is left behind (CORRECTNESS I3, T04)', async (t) => {
  assert.equal(some.length, 3)
  const say = (text: string): void => t.diagnostic(text)
  const report = await KillRun.run({ program, folder, count: some.length, faults: some, say })
  assert.deepEqual(report.wrong, [])
  assert.ok(report.checkedCount > 0)
  assert.equal(report.killCount, some.length)
})

test('a power cut under load: what is on the device then has what was acknowledged, and no byte that is wrong (CORRECTNESS I3, T04)', async (t) => {
  const report = await runPowerCuts({ program, folder, count: 1, say: (text) => t.diagnostic(text) })
  if (!report.onDevice) t.diagnostic('there are no loop devices here: what a killed process leaves was looked at')
  assert.deepEqual(report.wrong, [])
  assert.equal(report.cutCount, 1)
})
