import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Metric, Registry } from 'prom-client'
import type { ExchangeEvent, LarderEvent } from '../base/events.ts'
import { results } from '../base/results.ts'
import { BucketCounts } from './bucket-counts.ts'
import { type MetricName, type MetricRow, type MetricSources, type Metrics, metricRows } from './metrics.ts'

const schemes = new Set(['http', 'https', 'ftp', 'ftps'])
const quantiles = [50, 99, 100]
const nanosecondsPerSecond = 1e9
const msPerSecond = 1000
/** Rules are part of the program, so their classes are few; this holds even when one is not. */
const mostRequestSeries = 5000

/** Counts by prom-client. Children of labels are kept, so that an exchange costs about a microsecond. */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry()
  readonly #loopDelay: ReturnType<typeof monitorEventLoopDelay>
  readonly #requests: Counter
  readonly #requestChildren = new Map<string, Counter.Internal>()
  readonly #cacheBytes: Counter.Internal
  readonly #originBytes: Counter.Internal
  readonly #duration: BucketCounts
  readonly #firstByte: BucketCounts
  readonly #attempts: Counter
  readonly #attemptChildren = new Map<string, Counter.Internal>()
  readonly #originFailures: Counter
  readonly #leftAlone: Gauge
  readonly #leaves: Counter
  readonly #tlsRefused: Counter
  readonly #trustSpliced: Counter
  readonly #indexRejected: Counter
  readonly #verifyFailures: Counter
  readonly #faults: Counter
  readonly #alerts: Counter
  readonly #drift: Counter
  readonly #evictedBytes: Counter

  constructor(sources: MetricSources) {
    this.#requests = this.#counter('larder_requests_total')
    const bytes = this.#counter('larder_response_bytes_total')
    this.#cacheBytes = bytes.labels('cache')
    this.#originBytes = bytes.labels('origin')
    this.#duration = this.#histogram('larder_request_duration_seconds')
    this.#firstByte = this.#histogram('larder_first_byte_seconds')
    this.#attempts = this.#counter('larder_origin_attempts_total')
    this.#originFailures = this.#counter('larder_origin_failures_total')
    this.#leftAlone = new Gauge(this.#configuration('larder_origins_left_alone'))
    this.#leaves = this.#counter('larder_leaf_issued_total')
    this.#tlsRefused = this.#counter('larder_tls_refused_total')
    this.#trustSpliced = this.#counter('larder_trust_spliced_total')
    this.#indexRejected = this.#counter('larder_index_rejected_total')
    this.#verifyFailures = this.#counter('larder_verify_failures_total')
    this.#faults = this.#counter('larder_faults_total')
    this.#alerts = this.#counter('larder_alerts_total')
    this.#drift = this.#counter('larder_drift_total')
    this.#evictedBytes = this.#counter('larder_evicted_bytes_total')
    this.#gauge('larder_store_blobs', (gauge) => gauge.set(sources.store().blobs))
    this.#gauge('larder_store_bytes', (gauge) => {
      for (const [kind, bytes] of Object.entries(sources.store().kinds)) gauge.set({ kind }, bytes)
    })
    this.#gauge('larder_flights', (gauge) => gauge.set(sources.flights()))
    this.#loopDelay = monitorEventLoopDelay({ resolution: 20 })
    this.#loopDelay.enable()
    this.#gauge('larder_event_loop_delay_seconds', (gauge) => this.#readLoopDelay(gauge))
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  readonly observe = (event: LarderEvent): void => {
    switch (event.kind) {
      case 'exchange':
        return this.#observeExchange(event)
      case 'origin-attempt':
        return this.#attemptChild(event.outcome).inc()
      case 'leaf-issued':
        return this.#leaves.inc()
      case 'tls-refused':
        return this.#tlsRefused.inc()
      case 'trust-spliced':
        return this.#trustSpliced.inc()
      case 'index-rejected':
        return this.#indexRejected.inc({ reason: event.reason })
      case 'store-fault':
        return this.#faults.inc({ code: event.code })
      case 'blob-damaged':
        return this.#verifyFailures.inc({ damage: event.damage })
      case 'alert':
        return this.#alerts.inc({ code: event.code, outcome: event.outcome })
      case 'content-changed':
        return this.#drift.inc({ kind: 'changed' })
      case 'circuit-opened':
        return this.#leftAlone.inc()
      case 'circuit-closed':
        return this.#leftAlone.dec()
      case 'origin-failed':
        return this.#originFailures.inc({ code: event.code })
      case 'evicted':
        return this.#evictedBytes.inc(event.bytes)
      case 'store-recovered':
        return
    }
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  close(): void {
    this.#loopDelay.disable()
  }

  #observeExchange(event: ExchangeEvent): void {
    this.#requestChild(event).inc()
    if (event.fault !== undefined) this.#faults.inc({ code: event.fault })
    if (event.result === 'tunnelled') return
    if (results[event.result].fromStore) this.#cacheBytes.inc(event.responseBytes)
    if (event.originBytes > 0) this.#originBytes.inc(event.originBytes)
    this.#duration.observe(event.durationMs / msPerSecond)
    this.#firstByte.observe(event.firstByteMs / msPerSecond)
  }

  #attemptChild(outcome: string): Counter.Internal {
    const known = this.#attemptChildren.get(outcome)
    if (known !== undefined) return known
    const child = this.#attempts.labels(outcome)
    this.#attemptChildren.set(outcome, child)
    return child
  }

  #requestChild({ result, scheme, rule }: ExchangeEvent): Counter.Internal {
    const key = `${result} ${scheme} ${rule}`
    const known = this.#requestChildren.get(key)
    if (known !== undefined) return known
    const full = this.#requestChildren.size >= mostRequestSeries
    const dot = rule.indexOf('.')
    const ecosystem = full ? 'other' : dot < 0 ? rule : rule.slice(0, dot)
    const child = this.#requests.labels(result, schemes.has(scheme) ? scheme : 'other', ecosystem)
    if (!full) this.#requestChildren.set(key, child)
    return child
  }

  #readLoopDelay(gauge: Gauge): void {
    for (const quantile of quantiles) {
      const delay = this.#loopDelay.count === 0 ? 0 : this.#loopDelay.percentile(quantile) / nanosecondsPerSecond
      gauge.set({ quantile: String(quantile / 100) }, delay)
    }
    this.#loopDelay.reset()
  }

  #counter(name: MetricName): Counter {
    return new Counter(this.#configuration(name))
  }

  /** Counted by ourselves and read at a scrape: an observation of prom-client costs several microseconds. */
  #histogram(name: MetricName): BucketCounts {
    const row: MetricRow = metricRows[name]
    const counts = new BucketCounts(row.bounds ?? [])
    const { help } = this.#configuration(name)
    const metric = {
      name,
      help,
      type: 'histogram',
      get: async () => ({ ...metric, values: bucketValues(name, counts) }),
    }
    this.#registry.registerMetric(metric as unknown as Metric)
    return counts
  }

  #gauge(name: MetricName, read: (gauge: Gauge) => void): void {
    const gauge: Gauge = new Gauge({ ...this.#configuration(name), collect: () => read(gauge) })
  }

  #configuration(name: MetricName): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
    const { meaning, labels } = metricRows[name]
    return { name, help: meaning.replaceAll('`', ''), labelNames: [...labels], registers: [this.#registry] }
  }
}

/** Cumulative buckets, sum and count, as the text format has them. */
function bucketValues(name: string, { bounds, counts, sum, count }: BucketCounts): object[] {
  let below = 0
  const values: object[] = bounds.map((bound, place) => {
    below += counts[place]!
    return { metricName: `${name}_bucket`, labels: { le: bound }, value: below }
  })
  values.push({ metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count })
  values.push(
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  )
  return values
}
