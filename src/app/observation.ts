import type { LarderEvent } from '../base/events.ts'
import type { Settings } from '../config/settings.ts'
import { openAccessLog } from '../observe/access-log-file.ts'
import type { MetricSources, Metrics } from '../observe/metrics.ts'
import { PromMetrics } from '../observe/prom-metrics.ts'
import { Readiness } from '../observe/readiness.ts'
import { Totals } from '../observe/totals.ts'

/** Everything that listens to events: access log, metrics, totals, readiness. */
export interface Observation {
  readonly observe: (event: LarderEvent) => void
  readonly metrics: Metrics
  readonly totals: Totals
  readonly readiness: Readiness
  reopenLog(): void
  close(): Promise<void>
}

export function openObservation(settings: Settings, sources: MetricSources): Observation {
  const log = openAccessLog(settings.accessLog)
  const metrics = new PromMetrics(sources)
  const totals = new Totals()
  const readiness = new Readiness()
  return {
    observe: (event) => {
      metrics.observe(event)
      totals.observe(event)
      readiness.observe(event)
      if (event.kind === 'exchange' || event.kind === 'admin-change') log.write(event)
    },
    metrics,
    totals,
    readiness,
    reopenLog: () => log.reopen(),
    close: async () => {
      metrics.close()
      await log.close()
    },
  }
}
