import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readChoices } from '../../../scripts/benchmark/choices.ts'
import { workloads } from '../../../scripts/benchmark/workloads.ts'

describe('The command line of the benchmark', () => {
  test('asks for everything when it is empty', () => {
    const { only, peers, rounds, table, json, larder } = readChoices([])
    assert.deepEqual(only, Object.keys(workloads))
    assert.deepEqual(peers, ['floor', 'squid', 'nginx'])
    assert.deepEqual({ rounds, table, json }, { rounds: 3, table: false, json: undefined })
    assert.match(larder ?? '', /\/src\/main\.ts$/)
  })

  test('can leave out the peers, or Larder', () => {
    const { peers, larder } = readChoices(['--peers', 'none', '--larder', 'none'])
    assert.deepEqual({ peers, larder }, { peers: [], larder: undefined })
  })

  for (const [option, value] of [
    ['--only', 'hit-10k-plain,hit-11k'],
    ['--peers', 'varnish'],
    ['--rounds', '0'],
    ['--rounds', '10'],
    ['--seconds', 'four'],
    ['--fast', 'yes'],
  ] as const) {
    test(`refuses ${option} ${value} by name`, () => {
      assert.throws(() => readChoices([option, value]), new RegExp(option))
    })
  }
})
