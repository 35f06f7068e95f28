import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { costTable, renderTable, speedTable, threeDigits } from '../../../scripts/benchmark/markdown-table.ts'
import { type Figures, figureNames } from '../../../scripts/benchmark/statistics.ts'

const figures = (overrides: Partial<Figures>): Figures => {
  const ones = Object.fromEntries(figureNames.map((name) => [name, 1])) as Record<keyof Figures, number>
  return { ...ones, errorCount: 0, originRequestCount: Number.NaN, ...overrides }
}
const cells = (line: string | undefined): string[] =>
  (line ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

describe('A number', () => {
  test('is written with three digits that mean something', () => {
    assert.deepEqual([1234.5, 123.4, 12.34, 1.234, 0.1234, 0.01234].map(threeDigits), [
      '1235',
      '123',
      '12.3',
      '1.23',
      '0.123',
      '0.0123',
    ])
  })

  test('that is zero or was not measured is said so', () => {
    assert.deepEqual([0, Number.NaN, Number.POSITIVE_INFINITY].map(threeDigits), ['0', '–', '–'])
  })
})

describe('A table', () => {
  test('is Markdown with columns of one width', () => {
    assert.equal(
      renderTable([
        ['a', 'bcde'],
        ['fg', 'h'],
      ]),
      '| a   | bcde |\n| --- | ---- |\n| fg  | h    |',
    )
  })

  test('of nothing is empty', () => {
    assert.equal(renderTable([]), '')
  })
})

describe('The table of costs', () => {
  const results = {
    larder: figures({ cpuUsPerRequest: 12 }),
    floor: figures({ cpuUsPerRequest: 10 }),
    squid: figures({ cpuUsPerRequest: 48 }),
  }

  test('gives costs, ratios inside the run, the budget and whether it is kept', () => {
    const [head, , row] = costTable({ 'hit-10k-plain': results }).split('\n')
    assert.deepEqual(cells(head).slice(-5), ['larder/floor', 'larder/squid', 'larder/nginx', 'budget', 'met'])
    assert.deepEqual(cells(row), [
      'hit-10k-plain',
      '12.0 µs',
      '10.0 µs',
      '48.0 µs',
      '–',
      '1.20',
      '0.250',
      '–',
      '≤ 1.35 × floor',
      'yes',
    ])
  })

  test('says no where the budget is broken', () => {
    const table = costTable({ 'hit-10k-plain': { ...results, larder: figures({ cpuUsPerRequest: 14 }) } })
    assert.equal(cells(table.split('\n')[2]).at(-1), 'no')
  })

  test('compares a workload without a budget by its cost for each MB', () => {
    const table = costTable({ 'slow-600': { larder: figures({ cpuMsPerMb: 2 }), squid: figures({ cpuMsPerMb: 4 }) } })
    const row = cells(table.split('\n')[2])
    assert.deepEqual([row[1], row[6], row[8], row[9]], ['2.00 ms/MB', '0.500', '–', '–'])
  })
})

describe('The table of speeds', () => {
  test('has a row for each subject of each workload, with errors and origin requests', () => {
    const one = figures({ requestsPerSecond: 5000, errorCount: 3, originRequestCount: 1 })
    const lines = speedTable({ 'stampede-600': { larder: one, squid: figures({}) } }).split('\n')
    assert.equal(lines.length, 4)
    assert.deepEqual(cells(lines[2]), ['stampede-600', 'larder', '5000', '1.00', '1.00', '1.00', '1.00', '1', '3'])
    assert.deepEqual(cells(lines[3]).slice(-2), ['–', '0'])
  })
})
