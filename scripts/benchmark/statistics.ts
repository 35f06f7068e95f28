/** The middle number, the mean of the two middle ones for an even count; numbers that are not finite are left out. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.filter(Number.isFinite).toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** What one round of load on one subject came to. */
export interface Figures {
  readonly requestsPerSecond: number
  /** 10^6 bytes a second. */
  readonly mbPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the subject's whole process tree. */
  readonly cpuUsPerRequest: number
  readonly cpuMsPerMb: number
  /** 10^6 bytes, all processes of the subject together, sampled. */
  readonly peakRssMb: number
  readonly seconds: number
  readonly errorCount: number
  /** Share of the answers that were marked as hits, 0 to 1. */
  readonly hitShare: number
  /** Requests that reached the origin for this round's object; NaN where it is not counted. */
  readonly originRequestCount: number
}

export const figureNames = [
  'requestsPerSecond',
  'mbPerSecond',
  'p50Ms',
  'p99Ms',
  'cpuUsPerRequest',
  'cpuMsPerMb',
  'peakRssMb',
  'seconds',
  'errorCount',
  'hitShare',
  'originRequestCount',
] as const satisfies readonly (keyof Figures)[]

/** Each figure's median over the rounds; but errors, memory and origin requests of the worst round. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  const worst = new Set<keyof Figures>(['errorCount', 'peakRssMb', 'originRequestCount'])
  const entries = figureNames.map((name) => {
    const numbers = rounds.map((round) => round[name])
    return [name, worst.has(name) ? Math.max(...numbers) : median(numbers)] as const
  })
  return Object.fromEntries(entries) as Record<keyof Figures, number>
}
