import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../journey/store/crash/built-program.ts'
import { faults } from '../journey/store/crash/faults.ts'
import { KillRun } from '../journey/store/crash/kill-run.ts'

test('kill -9 under load, before each call that writes, at start and at the end: what was acknowledged is there, no byte is wrong, nothing is left behind (CORRECTNESS I3, T04)', async (t) => {
  const { words, folder, remove } = buildProgram()
  t.after(remove)
  const report = await KillRun.run({
    program: words,
    folder,
    count: faults.length,
    say: (text) => t.diagnostic(text),
  })
  t.diagnostic(`${report.checkedCount} acknowledged responses were asked for`)
  assert.deepEqual(report.wrong, [])
  assert.ok(report.checkedCount > 0)
  // Whether a blob is written by pwritev or pwrite64 depends on how much waits.
  const calls = new Set([...report.kills.keys()].map((where) => where.split(' ')[0]!))
  for (const call of ['pwrite64', 'fsync', 'fdatasync', 'rename', 'unlink', 'link']) {
    assert.ok(calls.has(call), `no kill at ${call}: ${[...calls].join(' ')}`)
  }
})
