import type { Figures } from './statistics.ts'

/** Name of a subject → its figures, for one workload. */
export type Results = Readonly<Record<string, Figures>>

type Measured = 'cpuUsPerRequest' | 'cpuMsPerMb' | 'seconds'

/** What Larder may cost in one workload, as a ratio to another subject of the same run. */
export interface Budget {
  readonly figure: Measured
  readonly ratio: number
  readonly against: string
  /** Limits that hold whatever the others do. */
  readonly most?: { readonly originRequestCount: number; readonly peakRssMb: number }
}

/** 150 MB and 256 kB for each client. */
const stampedeRssMb = 150 + 600 * 0.256

export const budgets: Readonly<Record<string, Budget>> = {
  'hit-10k-plain': { figure: 'cpuUsPerRequest', ratio: 1.35, against: 'floor' },
  'hit-10k-tls': { figure: 'cpuUsPerRequest', ratio: 1.35, against: 'floor' },
  'hit-256m-plain': { figure: 'cpuMsPerMb', ratio: 1.15, against: 'floor' },
  'hit-256m-tls': { figure: 'cpuMsPerMb', ratio: 1.15, against: 'floor' },
  'new-connection-tls': { figure: 'cpuUsPerRequest', ratio: 1.3, against: 'floor' },
  'new-hosts': { figure: 'cpuUsPerRequest', ratio: 1.3, against: 'floor' },
  'miss-10k-plain': { figure: 'cpuUsPerRequest', ratio: 1, against: 'nginx' },
  'miss-10k-tls': { figure: 'cpuUsPerRequest', ratio: 0.6, against: 'squid' },
  'stampede-600': {
    figure: 'seconds',
    ratio: 0.25,
    against: 'squid',
    most: { originRequestCount: 1, peakRssMb: stampedeRssMb },
  },
}

/** The figure by which a workload is compared: its budget's, or CPU per MB where there is none. */
export const comparedFigure = (workload: string): Measured => budgets[workload]?.figure ?? 'cpuMsPerMb'

/** Undefined when a subject that the budget needs was not measured. */
export function isMet(budget: Budget, results: Results): boolean | undefined {
  const larder = results.larder
  const other = results[budget.against]
  if (larder === undefined || (other === undefined && budget.most === undefined)) return undefined
  if (larder.errorCount > 0) return false
  const limits = Object.entries(budget.most ?? {}) as [keyof Figures, number][]
  if (limits.some(([name, most]) => !(larder[name] <= most))) return false
  return other === undefined ? undefined : larder[budget.figure] <= budget.ratio * other[budget.figure]
}

export function budgetText({ ratio, against, most }: Budget): string {
  const limits =
    most === undefined ? [] : [`${most.originRequestCount} origin request`, `RSS ≤ ${most.peakRssMb.toFixed(0)} MB`]
  return [`≤ ${ratio} × ${against}`, ...limits].join(', ')
}
