import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Figures, median, medianFigures } from '../../../scripts/benchmark/statistics.ts'

const figures = (overrides: Partial<Figures>): Figures => ({
  requestsPerSecond: 1,
  mbPerSecond: 1,
  p50Ms: 1,
  p99Ms: 1,
  cpuUsPerRequest: 1,
  cpuMsPerMb: 1,
  peakRssMb: 1,
  seconds: 1,
  errorCount: 0,
  hitShare: 1,
  originRequestCount: Number.NaN,
  ...overrides,
})

describe('The median', () => {
  test('of an odd count is the middle number, whatever the order', () => {
    assert.equal(median([30, 1, 2]), 2)
  })

  test('of an even count is the mean of the two in the middle', () => {
    assert.equal(median([4, 1, 2, 100]), 3)
  })

  test('leaves out what is not finite, and of nothing is not a number', () => {
    assert.equal(median([Number.NaN, 5, Number.POSITIVE_INFINITY]), 5)
    assert.equal(median([]), Number.NaN)
  })
})

describe('The figures of several rounds', () => {
  test('are medians, each figure by itself', () => {
    const rounds = [
      figures({ cpuUsPerRequest: 3, p99Ms: 10 }),
      figures({ cpuUsPerRequest: 1, p99Ms: 30 }),
      figures({ cpuUsPerRequest: 2, p99Ms: 20 }),
    ]
    const { cpuUsPerRequest, p99Ms } = medianFigures(rounds)
    assert.deepEqual({ cpuUsPerRequest, p99Ms }, { cpuUsPerRequest: 2, p99Ms: 20 })
  })

  test('keep errors, memory and origin requests of the worst round, so that no failure is averaged away', () => {
    const rounds = [
      figures({ errorCount: 0, peakRssMb: 90, originRequestCount: 1 }),
      figures({ errorCount: 7, peakRssMb: 80, originRequestCount: 3 }),
      figures({ errorCount: 0, peakRssMb: 70, originRequestCount: 1 }),
    ]
    const { errorCount, peakRssMb, originRequestCount } = medianFigures(rounds)
    assert.deepEqual(
      { errorCount, peakRssMb, originRequestCount },
      { errorCount: 7, peakRssMb: 90, originRequestCount: 3 },
    )
  })
})
