import { type Budget, budgets, budgetText, comparedFigure, isMet, type Results } from './budget.ts'
import type { Figures } from './statistics.ts'

const others = ['floor', 'squid', 'nginx'] as const
const absent = '–'

const units = { cpuUsPerRequest: 'µs', cpuMsPerMb: 'ms/MB', seconds: 's' } as const

/** Three digits that mean something. */
export function threeDigits(number: number): string {
  if (!Number.isFinite(number)) return absent
  if (number === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))))
  return number.toFixed(Math.min(digits, 4))
}

/** A Markdown table whose columns are padded to one width. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  const [head, ...body] = rows
  if (head === undefined) return ''
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

function metText(budget: Budget | undefined, results: Results): string {
  const met = budget === undefined ? undefined : isMet(budget, results)
  return met === undefined ? absent : met ? 'yes' : 'no'
}

function costRow(workload: string, results: Results): string[] {
  const figure = comparedFigure(workload)
  const larder = results.larder?.[figure] ?? Number.NaN
  const costs = ['larder', ...others].map((name) => results[name]?.[figure] ?? Number.NaN)
  const budget = budgets[workload]
  return [
    workload,
    ...costs.map((cost) => (Number.isFinite(cost) ? `${threeDigits(cost)} ${units[figure]}` : absent)),
    ...costs.slice(1).map((cost) => threeDigits(larder / cost)),
    budget === undefined ? absent : budgetText(budget),
    metText(budget, results),
  ]
}

/** What each workload costs, Larder's ratio to the others, and whether the budget is kept. */
export function costTable(all: Readonly<Record<string, Results>>): string {
  const head = ['workload', 'larder', ...others, ...others.map((name) => `larder/${name}`), 'budget', 'met']
  return renderTable([head, ...Object.entries(all).map(([workload, results]) => costRow(workload, results))])
}

function speedRow(workload: string, subject: string, figures: Figures): string[] {
  const { requestsPerSecond, mbPerSecond, p50Ms, p99Ms, peakRssMb, originRequestCount, errorCount } = figures
  const numbers = [requestsPerSecond, mbPerSecond, p50Ms, p99Ms, peakRssMb]
  const counts = [originRequestCount, errorCount].map((count) => (Number.isFinite(count) ? String(count) : absent))
  return [workload, subject, ...numbers.map(threeDigits), ...counts]
}

/** Throughput, latency, memory and errors of every subject. */
export function speedTable(all: Readonly<Record<string, Results>>): string {
  const head = [
    'workload',
    'subject',
    'requests/s',
    'MB/s',
    'p50 ms',
    'p99 ms',
    'peak RSS MB',
    'origin requests',
    'errors',
  ]
  const rows = Object.entries(all).flatMap(([workload, results]) =>
    Object.entries(results).map(([subject, figures]) => speedRow(workload, subject, figures)),
  )
  return renderTable([head, ...rows])
}
