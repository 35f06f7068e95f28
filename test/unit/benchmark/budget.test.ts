import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Budget, budgets, budgetText, isMet } from '../../../scripts/benchmark/budget.ts'
import { type Figures, figureNames } from '../../../scripts/benchmark/statistics.ts'
import { workloads } from '../../../scripts/benchmark/workloads.ts'

const figures = (overrides: Partial<Figures>): Figures => {
  const ones = Object.fromEntries(figureNames.map((name) => [name, 1])) as Record<keyof Figures, number>
  return { ...ones, errorCount: 0, ...overrides }
}
const cpu = (cpuUsPerRequest: number): Figures => figures({ cpuUsPerRequest })
const budget: Budget = { figure: 'cpuUsPerRequest', ratio: 1.25, against: 'floor' }

describe('A budget', () => {
  test('belongs to a workload that exists', () => {
    const unknown = Object.keys(budgets).filter((name) => workloads[name] === undefined)
    assert.deepEqual(unknown, [])
  })

  test('is kept up to its ratio and broken above it', () => {
    assert.equal(isMet(budget, { larder: cpu(12.5), floor: cpu(10) }), true)
    assert.equal(isMet(budget, { larder: cpu(12.6), floor: cpu(10) }), false)
  })

  test('is not kept by failing fast', () => {
    assert.equal(isMet(budget, { larder: figures({ cpuUsPerRequest: 1, errorCount: 1 }), floor: cpu(10) }), false)
  })

  test('is not kept by a figure that is not a number', () => {
    assert.equal(isMet(budget, { larder: cpu(Number.NaN), floor: cpu(10) }), false)
  })

  test('is undecided without Larder or without the subject that it is compared with', () => {
    assert.equal(isMet(budget, { floor: cpu(10) }), undefined)
    assert.equal(isMet(budget, { larder: cpu(10), squid: cpu(10) }), undefined)
  })

  test('of the stampede is broken by a second origin request or by too much memory, however fast it was', () => {
    const stampede = budgets['stampede-600']!
    const squid = figures({ seconds: 100 })
    const good = { seconds: 3, originRequestCount: 1, peakRssMb: 200 }
    assert.equal(isMet(stampede, { larder: figures(good), squid }), true)
    assert.equal(isMet(stampede, { larder: figures({ ...good, originRequestCount: 2 }), squid }), false)
    assert.equal(isMet(stampede, { larder: figures({ ...good, peakRssMb: 304 }) }), false)
    assert.equal(isMet(stampede, { larder: figures({ ...good, seconds: 26 }), squid }), false)
    assert.equal(isMet(stampede, { larder: figures(good) }), undefined)
  })

  test('reads as a sentence of its ratio and its limits', () => {
    assert.equal(budgetText(budget), '≤ 1.25 × floor')
    assert.equal(budgetText(budgets['stampede-600']!), '≤ 0.25 × squid, 1 origin request, RSS ≤ 304 MB')
  })
})
