import type { Observer } from '../base/events.ts'

/** Figures in the format of Prometheus. */
export interface Metrics {
  readonly observe: Observer
  /** The text that `/metrics` answers. */
  text(): Promise<string>
  readonly contentType: string
  close(): void
}

/** What is asked for when the metrics are read. */
export interface MetricSources {
  /** Fetches that are running. */
  flights(): number
  /** What the store takes. */
  store(): { readonly kinds: Readonly<Record<string, number>>; readonly blobs: number }
}

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly meaning: string
  /** Upper bounds of a histogram, in seconds. */
  readonly bounds?: readonly number[]
}

const secondsBounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300]

/** Every metric. Label values come from closed sets; a host name never is one (CORRECTNESS T40). */
export const metricRows = {
  larder_requests_total: {
    kind: 'counter',
    labels: ['result', 'scheme', 'class'],
    meaning: 'Finished requests by result word, scheme and package ecosystem (`rfc`: none).',
  },
  larder_response_bytes_total: {
    kind: 'counter',
    labels: ['source'],
    meaning: 'Bytes of content: `cache`, sent to clients without the origin; `origin`, received from origins.',
  },
  larder_request_duration_seconds: {
    kind: 'histogram',
    labels: [],
    meaning: 'Time from the request to the last byte of the response; tunnels are left out.',
    bounds: secondsBounds,
  },
  larder_first_byte_seconds: {
    kind: 'histogram',
    labels: [],
    meaning: 'Time from the request to the first byte of the response; tunnels are left out.',
    bounds: secondsBounds,
  },
  larder_origin_attempts_total: {
    kind: 'counter',
    labels: ['outcome'],
    meaning: 'Attempts to get a response from an origin: `response`, or the fault.',
  },
  larder_origin_failures_total: {
    kind: 'counter',
    labels: ['code'],
    meaning: 'Requests whose last attempt failed, by fault or by the status of the answer (`status-503`).',
  },
  larder_origins_left_alone: {
    kind: 'gauge',
    labels: [],
    meaning: 'Origins that failed so often that they are left alone, but for single probes.',
  },
  larder_flights: { kind: 'gauge', labels: [], meaning: 'Fetches that are running now.' },
  larder_leaf_issued_total: { kind: 'counter', labels: [], meaning: 'Certificates issued for servers.' },
  larder_tls_refused_total: {
    kind: 'counter',
    labels: [],
    meaning: 'Handshakes that a client broke off, most often because it does not trust the CA.',
  },
  larder_trust_spliced_total: {
    kind: 'counter',
    labels: [],
    meaning: 'Times that a client which refused our certificate again and again was passed through for a while.',
  },
  larder_drift_total: {
    kind: 'counter',
    labels: ['kind'],
    meaning: 'Content that an origin changed although its URL says that it never does: `changed`.',
  },
  larder_index_rejected_total: {
    kind: 'counter',
    labels: ['reason'],
    meaning:
      "Records of the index's server that were not used: `malformed`, `forged` (not sealed with our key), `swapped` (another key's), `replayed` (purged before).",
  },
  larder_store_bytes: {
    kind: 'gauge',
    labels: ['kind'],
    meaning:
      'Bytes on disk: `blobs` (files), `small-blobs` (rows), `index`, `set-aside` (databases that were damaged).',
  },
  larder_store_blobs: { kind: 'gauge', labels: [], meaning: 'Blobs that are stored.' },
  larder_evicted_bytes_total: {
    kind: 'counter',
    labels: [],
    meaning: 'Bytes on disk of stored responses that were evicted to make room.',
  },
  larder_faults_total: { kind: 'counter', labels: ['code'], meaning: 'Faults of requests and of the store.' },
  larder_verify_failures_total: {
    kind: 'counter',
    labels: ['damage'],
    meaning:
      'Blobs that were damaged and set aside: their `content`, their `size`, the `kind` of file in their place, or who has `access` to it.',
  },
  larder_alerts_total: {
    kind: 'counter',
    labels: ['code', 'outcome'],
    meaning:
      'Messages of alerts by what they are about: `sent` to a sink, `failed` at one (it is tried again), or `dropped`.',
  },
  larder_event_loop_delay_seconds: {
    kind: 'gauge',
    labels: ['quantile'],
    meaning: 'Delay of the event loop since the metrics were last read (`0.5`, `0.99`, `1`).',
  },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof metricRows
