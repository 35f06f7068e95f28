import { type MetricRow, metricRows } from '../../src/observe/metrics.ts'

const introduction = `# Metrics

\`GET /metrics\` on the admin address answers these in the text format of Prometheus. Label values come from closed sets; host names and URLs are
never among them. Counters start at zero with the daemon.

\`\`\`sh
curl --unix-socket "$XDG_RUNTIME_DIR/larder/admin.sock" http://larder/metrics
\`\`\`

This page is generated from \`src/observe/metrics.ts\` by \`scripts/docs\`.
`

/** The text of docs/metrics.md. */
export function metricsPage(): string {
  const rows = Object.entries<MetricRow>(metricRows).map(([name, { kind, labels, bounds, meaning }]) => {
    const buckets = bounds === undefined ? '' : ` Buckets: ${bounds.join(', ')} s.`
    return `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${meaning}${buckets} |`
  })
  return `${introduction}\n| name | kind | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
}
