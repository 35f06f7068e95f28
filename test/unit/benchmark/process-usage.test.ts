import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ProcessStat,
  parseProcessStat,
  processTree,
  usageReader,
} from '../../../scripts/benchmark/process-usage.ts'

const line = (name: string): string =>
  `812 (${name}) S 800 812 812 0 -1 4194560 3000 50 0 0 120 30 7 2 20 0 11 0 5000 1000000 2500 18446744073709551615 1 1\n`

const process_ = (pid: number, parent: number): ProcessStat => ({ pid, parent, ticks: 1, rssPages: 1 })

describe('A line of /proc/PID/stat', () => {
  test('gives the parent, the ticks of the process and of its waited-for children, and the resident pages', () => {
    assert.deepEqual(parseProcessStat(line('node')), { pid: 812, parent: 800, ticks: 159, rssPages: 2500 })
  })

  test('is read past a program name with blanks and brackets', () => {
    assert.deepEqual(parseProcessStat(line('a) S 1 (b')), parseProcessStat(line('node')))
  })

  test('that is cut is no process', () => {
    assert.equal(parseProcessStat(''), undefined)
    assert.equal(parseProcessStat('812 (node) S 800 812'), undefined)
  })
})

describe('A process tree', () => {
  test('holds the root and all generations below it, and no stranger', () => {
    const all = [process_(5, 3), process_(3, 2), process_(2, 1), process_(4, 2), process_(9, 1), process_(1, 0)]
    const pids = processTree(all, 2).map(({ pid }) => pid)
    assert.deepEqual(pids.toSorted(), [2, 3, 4, 5])
  })

  test('is empty once its root has gone', () => {
    assert.deepEqual(processTree([process_(5, 3)], 3), [])
  })

  test('has used processor time and memory when it is this test', () => {
    const { cpuSeconds, rssMb } = usageReader()(process.pid)
    assert.ok(cpuSeconds >= 0)
    assert.ok(rssMb > 1)
  })
})
