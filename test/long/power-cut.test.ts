import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../journey/store/crash/built-program.ts'
import { runPowerCuts } from '../journey/store/crash/power-run.ts'

const cutCount = 6

test('power cuts under load: what is on the device then has what was acknowledged, and no byte that is wrong (CORRECTNESS I3, T04)', async (t) => {
  const { words, folder, remove } = buildProgram()
  t.after(remove)
  const report = await runPowerCuts({ program: words, folder, count: cutCount, say: (text) => t.diagnostic(text) })
  if (!report.onDevice) t.diagnostic('there are no loop devices here: what killed processes leave was looked at')
  assert.deepEqual(report.wrong, [])
  assert.equal(report.cutCount, cutCount)
  assert.ok(report.checkedCount > 0)
})
